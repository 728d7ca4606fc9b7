#include "tacos-plan/simulation/sale_simulation.h"

#include "tacos-plan/simulation/sale_run.h"

namespace tacos::plan {

std::string_view name_of(Ending ending) {
  constexpr std::array<std::string_view, kEndings> kNames = {
      "bought",   "told sold out",  "abandoned", "missed the turn", "found no seat", "reserved nothing",
      "not paid", "gave up trying", "swept",     "unfinished",      "not arrived"};
  return kNames[static_cast<std::size_t>(ending)];
}

SaleResult simulate_sale(const SaleParameters& parameters, std::uint64_t seed, SaleTrace* trace) {
  SaleRun run(parameters, seed, trace);
  return run.play();
}

}  // namespace tacos::plan
