// Any text may stand in a scenario file: it is read or refused with a message, and what was read is fit to run.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tacos-load/run/report_builder.h"
#include "tacos-load/scenario/scenario.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos::load;
  const auto scenario = read_scenario({reinterpret_cast<const char*>(data), size}, "fuzz.json");
  if (!scenario) {
    if (scenario.error().message.empty()) std::abort();
    return 0;
  }
  if (check_scenario(*scenario).has_error()) std::abort();
  const ArrivalSchedule schedule(RateProfile(scenario->stages), scenario->spacing, scenario->seed);
  auto cursor = schedule.cursor(0, 1);
  tacos::core::Nanos last{0};
  for (int i = 0; i < 100 && cursor.peek(); ++i, cursor.pop()) {
    if (*cursor.peek() < last || *cursor.peek() > schedule.profile().duration()) std::abort();
    last = *cursor.peek();
  }
  if (const auto gates = parse_gates(*scenario); !gates && gates.error().message.empty()) std::abort();
  return 0;
}
