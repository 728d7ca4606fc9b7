// Whatever an observed part answers: figures are finite, not negative and bounded, or it is refused with a reason. The
// first byte chooses whose text it is.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tacos-load/observe/component_series.h"
#include "tacos-load/observe/observation.h"
#include "tacos-load/observe/proc_figures.h"
#include "tacos-load/observe/prometheus_text.h"
#include "tacos-load/observe/redis_info.h"

namespace {

using tacos::load::Figures;

constexpr double kMost = 1e30;  // many figures of the largest size added up

void check(double value) {
  if (!std::isfinite(value) || value < 0 || value > kMost) std::abort();
}

// Two such samples, and the arithmetic on them.
void check(const tacos::core::Result<Figures>& figures) {
  if (!figures) {
    if (figures.error().message.empty()) std::abort();
    return;
  }
  for (const auto& counter : figures->counters) check(counter.value_or(0));
  for (const auto& level : figures->levels) check(level.value_or(0));
  for (const auto& [command, calls] : figures->calls) check(calls);
  tacos::load::ObservedComponent seen;
  seen.limit_cores = 1;
  seen.samples = {
      {tacos::core::Nanos(0), {}}, {std::chrono::seconds(1), *figures}, {std::chrono::seconds(2), *figures}};
  seen.samples[0].figures.life = figures->life;
  for (std::size_t f = 0; f < figures->counters.size(); ++f) seen.samples[0].figures.counters[f] = 0.0;
  const auto series = tacos::load::component_series({seen}, std::chrono::seconds(1), 2);
  for (const auto& interval : series.intervals) {
    for (const auto& [name, use] : interval.components) {
      for (const auto& flow : use.flows) check(flow.value_or(0));
      check(use.utilisation.value_or(0));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      check(tacos::load::parse_redis_info(text));
      break;
    case 1:
      check(tacos::load::parse_prometheus(text));
      break;
    case 2:
      check(tacos::load::parse_process_stat(text, 100));
      break;
    case 3: {
      check(tacos::load::parse_machine_stat(text, 100));
      Figures figures;
      tacos::load::add_process_status(text, figures);
      for (const auto& level : figures.levels) check(level.value_or(0));
      break;
    }
    default: {
      const auto observation = tacos::load::parse_observation(text);
      if (!observation && observation.error().message.empty()) std::abort();
      if (observation && observation->source_text().empty()) std::abort();
      break;
    }
  }
  return 0;
}
