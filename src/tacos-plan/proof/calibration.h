#pragma once

#include <string>
#include <vector>

#include "measure/run_report.h"
#include "tacos-plan/demand/plan_inputs.h"

namespace tacos::plan {

struct MeasuredRun {
  std::string name;  // as it was called on the command line
  measure::RunReport report;
};

// One assumption as the runs measured it.
struct MeasuredValue {
  Quantity quantity{};
  double value = 0;
  std::string source;  // "measured: reports/runs/demo, 2026-11-21: 10,000 of 10,000 who entered bought"
};

struct Calibration {
  std::vector<MeasuredValue> values;
  std::vector<std::string> left;  // what the runs can't tell, and why
};

// What the runs say of the plan's assumptions; of several runs the median. Takes polling, the crowd's arrival,
// conversion, turns not taken, patience and, from a ladder that went up to saturation, what the target carries
// (Universal Scalability Law fitted to its rungs; a fit that is no fit is refused and said). Invalid runs are refused.
core::Result<Calibration> calibrate(const std::vector<MeasuredRun>& runs);

// As a file of inputs (tacos.plan-inputs/1), which --inputs reads.
std::string calibration_json(const Calibration& calibration);

}  // namespace tacos::plan
