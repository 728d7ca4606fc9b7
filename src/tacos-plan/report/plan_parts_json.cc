#include "tacos-plan/report/plan_parts_json.h"

#include <string>

namespace tacos::plan {

using json = nlohmann::ordered_json;

json quotas_json(const std::vector<QuotaCheck>& quotas) {
  json list = json::array();
  for (const auto& q : quotas) {
    list.push_back({{"name", q.name},
                    {"need", q.need},
                    {"limit", q.limit},
                    {"unit", q.unit},
                    {"bites", q.bites},
                    {"adjustable", q.adjustable},
                    {"advice", q.advice},
                    {"source", q.source}});
  }
  return list;
}

json cost_json(const CostPlan& cost) {
  json lines = json::array();
  for (const auto& line : cost.lines) {
    lines.push_back(
        {{"name", line.name}, {"usd", line.usd}, {"basis", line.basis}, {"per", line.monthly ? "month" : "event"}});
  }
  return {{"per_event_usd", cost.per_event_usd},
          {"standing_per_month_usd", cost.standing_usd},
          {"per_month_usd", cost.per_month_usd},
          {"lines", lines},
          {"unpriced", cost.unpriced}};
}

json all_inputs_json(const PlanInputs& inputs) {
  json object = json::object();
  for (const auto& choice : all_choices()) object[std::string(choice.name)] = choice_value(inputs, choice.name);
  for (const auto& spec : all_quantities()) object[std::string(spec.name)] = inputs[spec.id];
  return object;
}

}  // namespace tacos::plan
