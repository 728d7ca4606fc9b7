#pragma once

#include "core/result.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// Memory, commands and CPU of the line in Redis, and how many shards it takes. One event's keys carry one hash tag, so
// they live in one slot, on one shard, whose single executing thread is the limit; buckets of tickets spread the part
// that may be spread.
core::Result<RedisPlan> plan_redis(const PlanInputs& inputs, const AdmissionPlan& admission, const PollingPlan& polling,
                                   const GatewayPlan& gateway, const Catalogues& catalogues, Derivations& derive);

}  // namespace tacos::plan
