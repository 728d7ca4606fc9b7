#include "tacos-plan/plan/planner.h"

#include <algorithm>
#include <utility>

#include "tacos-plan/plan/admission_plan.h"
#include "tacos-plan/plan/cost_plan.h"
#include "tacos-plan/plan/dynamo_plan.h"
#include "tacos-plan/plan/gateway_plan.h"
#include "tacos-plan/plan/limits.h"
#include "tacos-plan/plan/line_timeline.h"
#include "tacos-plan/plan/original_design.h"
#include "tacos-plan/plan/polling_plan.h"
#include "tacos-plan/plan/redis_plan.h"
#include "tacos-plan/plan/warnings.h"

namespace tacos::plan {
namespace {

constexpr int kTimelinePoints = 240;

// From the oldest price to the newest: "2025 to 2026-10-02".
std::string dates_of(const PriceCatalogue& prices) {
  std::string oldest, newest;
  for (const auto& [id, price] : prices.prices()) {
    if (oldest.empty() || price.as_of < oldest) oldest = price.as_of;
    newest = std::max(newest, price.as_of);
  }
  return oldest == newest ? oldest : oldest + " to " + newest;
}

}  // namespace

core::Result<Plan> make_plan(const PlanInputs& inputs, const Catalogues& catalogues) {
  if (auto checked = inputs.check(); !checked) return checked.error();
  Plan plan;
  plan.inputs = inputs;
  plan.prices_as_of = dates_of(catalogues.prices);
  Derivations derive;
  auto admission = plan_admission(inputs, derive);
  if (!admission) return admission.error();
  plan.admission = *admission;
  auto selling = plan_selling(inputs, plan.admission, derive);
  if (!selling) return selling.error();
  plan.selling = *selling;
  auto polling = plan_polling(inputs, plan.admission, plan.selling, derive);
  if (!polling) return polling.error();
  plan.polling = *polling;
  plan.gateway = plan_gateway(inputs, plan.admission, plan.polling, derive);
  auto redis = plan_redis(inputs, plan.admission, plan.polling, plan.gateway, catalogues, derive);
  if (!redis) return redis.error();
  plan.redis = *redis;
  auto dynamodb = plan_dynamodb(inputs, plan.admission, plan.selling, catalogues, derive);
  if (!dynamodb) return dynamodb.error();
  plan.dynamodb = *dynamodb;
  auto timeline = line_timeline(plan, kTimelinePoints);
  if (!timeline) return timeline.error();
  plan.timeline = std::move(*timeline);
  plan.cost = plan_cost(plan, catalogues);
  plan.quotas = check_quotas(plan, catalogues);
  plan.headroom = headroom_of(plan, catalogues);
  plan.warnings = warnings_of(plan, catalogues);
  plan.derivations = derive.all();
  if (inputs.profile == Profile::kOriginal) reckon_as_original(plan, catalogues);
  return plan;
}

}  // namespace tacos::plan
