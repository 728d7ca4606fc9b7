#pragma once

#include "core/result.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The rate of admission and what it means for those in line. The rules: by seats, S ÷ (tickets × conversion) within the
// sale's time; by the wait, so that the p-th of N users waits at most W; by the backends, capacity × utilisation ÷
// calls per user. The greater of the first two is taken, as far as the third allows. The first burst is left out: it
// lets nobody wait longer.
core::Result<AdmissionPlan> plan_admission(const PlanInputs& inputs, Derivations& derive);

// Who gets a seat, when the last is gone, and how long the others stand there.
core::Result<SellingPlan> plan_selling(const PlanInputs& inputs, const AdmissionPlan& admission, Derivations& derive);

// Seconds from one's turn to asking next: on average, and at most.
double mean_feedback_seconds(const PlanInputs& inputs);
double longest_feedback_seconds(const PlanInputs& inputs);

}  // namespace tacos::plan
