// A file of inputs comes from whoever plans. What is accepted makes a plan whose every number is one, or none with a
// reason; what is refused names the file.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tacos-plan/demand/inputs_reader.h"
#include "tacos-plan/plan/planner.h"
#include "tacos-plan/report/plan_json.h"

namespace {

using namespace tacos::plan;

// A number that is not finite is null in JSON, and a plan has no null.
void check_numbers(const nlohmann::json& value) {
  if (value.is_null()) std::abort();
  if (value.is_number_float() && !std::isfinite(value.get<double>())) std::abort();
  if (!value.is_structured()) return;
  for (const auto& member : value) check_numbers(member);
}

void plan_with(const PlanInputs& inputs) {
  static const Catalogues kCatalogues = catalogues_for(PlanInputs(), "").value();
  const auto plan = make_plan(inputs, kCatalogues);
  if (!plan) {
    if (plan.error().message.empty()) std::abort();
    return;
  }
  const std::string json = plan_json(*plan);
  check_numbers(nlohmann::json::parse(json));
  PlanInputs back;
  if (!read_inputs(json, "plan.json", back)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  PlanInputs inputs;
  const auto profile = profile_in(text, "sale.json");
  if (profile && *profile == "original") inputs.apply_profile(Profile::kOriginal);
  const auto read = read_inputs(text, "sale.json", inputs);
  if (!read) {
    if (!read.error().message.starts_with("sale.json: ")) std::abort();
    return 0;
  }
  if (!profile) std::abort();
  // Names of regions and nodes are looked up in the price list, which refuses those it does not know.
  inputs.redis_node = PlanInputs().redis_node;
  inputs.gateway_node = PlanInputs().gateway_node;
  if (inputs.check()) plan_with(inputs);
  return 0;
}
