#pragma once

#include <vector>

#include "tacos-plan/patterns/pattern.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/prices/quotas.h"

namespace tacos::plan {

// The default limits that the pattern meets, beside what its run asked of them; those that bite come first. The
// gateway's are the plan's, without those of services that it doesn't use.
std::vector<QuotaCheck> pattern_quotas(const PatternResult& result, const Plan& plan, const QuotaCatalogue& quotas);

}  // namespace tacos::plan
