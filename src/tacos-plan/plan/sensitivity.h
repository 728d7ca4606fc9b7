#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

// The numbers of a plan that a reviewer would decide by.
struct PlanOutputs {
  double admission_rate = 0, longest_wait_sec = 0, sellout_sec = 0, status_rps = 0, pods = 0, hot_slot_cores = 0,
         redis_bytes = 0, per_event_usd = 0, per_month_usd = 0;

  static PlanOutputs of(const Plan& plan);
};

// One output's name, unit and place in PlanOutputs.
struct OutputSpec {
  std::string name;
  std::string unit;
  double PlanOutputs::*value;
};
const std::vector<OutputSpec>& all_outputs();

struct Sensitivity {
  Quantity quantity{};
  double low = 0, high = 0;  // what it was moved to; within its range
  PlanOutputs at_low{}, at_high{};
  // The largest change of any output, as a share of the plan's own; which output that is.
  double effect = 0;
  std::string most_moved;
};

// The plan again and again, each quantity alone moved by ±vary (a share of its value; a quantity of 0 stays out). One
// at a time: what two do together is not seen. The largest effect first; quantities without any are left out.
std::vector<Sensitivity> sensitivities(const Plan& plan, const Catalogues& catalogues, double vary);

}  // namespace tacos::plan
