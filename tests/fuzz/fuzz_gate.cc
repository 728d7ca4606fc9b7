// Gates come from command lines and from scenario files. Whatever can be read must also answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/units.h"
#include "measure/recorder.h"
#include "report/comparison/regression_limit.h"
#include "report/gate.h"

namespace {

tacos::measure::RunRecord a_run() {
  using namespace tacos;
  measure::RecorderOptions options;
  options.steps = {"join", "status"};
  measure::Recorder recorder(options);
  for (int i = 0; i < 40; ++i) {
    measure::Sample s;
    s.step = static_cast<measure::StepId>(i % 2);
    s.intended = s.taken = std::chrono::milliseconds(100 * i);
    s.sent = s.intended + std::chrono::microseconds(50);
    s.done = s.first_byte = s.sent + std::chrono::milliseconds(1 + i);
    recorder.scheduled(s.intended);
    recorder.record(s);
  }
  return recorder.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos;
  static const measure::RunRecord record = a_run();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A limit of a comparison is written in the same words.
  if (const auto limit = report::RegressionLimit::parse(text, record.steps()); !limit) {
    if (size <= 1000 && limit.error().message.find('^') == std::string::npos) std::abort();
  } else {
    const report::ComparedSide side({{"a", {}, record, core::Nanos(0), core::Nanos::max()}});
    if (limit->evaluate(side, side).reason.empty()) std::abort();
  }
  const auto gate = report::Gate::parse(text, record.steps());
  if (!gate) {
    // A complaint always shows where.
    if (size <= 1000 && gate.error().message.find('^') == std::string::npos) std::abort();
    return 0;
  }
  const measure::RunReport::Users users;
  const auto answer = gate->evaluate({record, core::Nanos(0), std::chrono::seconds(4), users});
  if (answer.expression != text || answer.value.empty() || answer.limit.empty()) std::abort();
  return 0;
}
