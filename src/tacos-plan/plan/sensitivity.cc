#include "tacos-plan/plan/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tacos-plan/plan/planner.h"

namespace tacos::plan {
namespace {

// The plan's outputs with one quantity moved; the plan's own where that can't be planned.
PlanOutputs outputs_at(const Plan& plan, const Catalogues& catalogues, Quantity quantity, double value) {
  PlanInputs inputs = plan.inputs;
  if (!inputs.set(quantity, value, "moved", "sensitivity")) return PlanOutputs::of(plan);
  const auto moved = make_plan(inputs, catalogues);
  return PlanOutputs::of(moved ? *moved : plan);
}

double within(const QuantitySpec& spec, double value) {
  if (spec.unit == QuantityUnit::kCount) value = std::round(value);
  return std::clamp(value, spec.least, spec.most);
}

void weigh(const PlanOutputs& base, Sensitivity& sensitivity) {
  for (const auto& output : all_outputs()) {
    const double own = base.*output.value;
    if (own == 0) continue;
    for (const auto* at : {&sensitivity.at_low, &sensitivity.at_high}) {
      const double change = std::abs(at->*output.value - own) / std::abs(own);
      if (change <= sensitivity.effect) continue;
      sensitivity.effect = change;
      sensitivity.most_moved = output.name;
    }
  }
}

}  // namespace

PlanOutputs PlanOutputs::of(const Plan& plan) {
  PlanOutputs outputs;
  outputs.admission_rate = plan.admission.rate;
  outputs.longest_wait_sec = plan.admission.longest_wait;
  outputs.sellout_sec = plan.selling.sellout_sec;
  outputs.status_rps = plan.polling.status_rps;
  outputs.pods = static_cast<double>(plan.gateway.pods);
  outputs.hot_slot_cores = plan.redis.hot_slot.cpu_cores;
  outputs.redis_bytes = plan.redis.memory_bytes;
  outputs.per_event_usd = plan.cost.per_event_usd;
  outputs.per_month_usd = plan.cost.per_month_usd;
  return outputs;
}

const std::vector<OutputSpec>& all_outputs() {
  static const std::vector<OutputSpec> outputs = {{"admission", "1/s", &PlanOutputs::admission_rate},
                                                  {"longest wait", "s", &PlanOutputs::longest_wait_sec},
                                                  {"sell-out", "s", &PlanOutputs::sellout_sec},
                                                  {"status", "1/s", &PlanOutputs::status_rps},
                                                  {"pods", "pods", &PlanOutputs::pods},
                                                  {"hot slot", "cores", &PlanOutputs::hot_slot_cores},
                                                  {"Redis memory", "bytes", &PlanOutputs::redis_bytes},
                                                  {"an event", "USD", &PlanOutputs::per_event_usd},
                                                  {"a month", "USD", &PlanOutputs::per_month_usd}};
  return outputs;
}

std::vector<Sensitivity> sensitivities(const Plan& plan, const Catalogues& catalogues, double vary) {
  const PlanOutputs base = PlanOutputs::of(plan);
  std::vector<Sensitivity> all;
  for (const auto& spec : all_quantities()) {
    const double own = plan.inputs[spec.id];
    if (own == 0) continue;
    Sensitivity sensitivity;
    sensitivity.quantity = spec.id;
    sensitivity.low = within(spec, own * (1 - vary));
    sensitivity.high = within(spec, own * (1 + vary));
    sensitivity.at_low = outputs_at(plan, catalogues, spec.id, sensitivity.low);
    sensitivity.at_high = outputs_at(plan, catalogues, spec.id, sensitivity.high);
    weigh(base, sensitivity);
    if (sensitivity.effect > 1e-9) all.push_back(std::move(sensitivity));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.effect > b.effect; });
  return all;
}

}  // namespace tacos::plan
