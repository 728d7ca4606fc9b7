#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "measure/run_report.h"
#include "report/assemble.h"
#include "report/gate.h"
#include "tacos-load/run/load_run.h"
#include "tacos-load/run/preflight.h"
#include "tacos-load/scenario/scenario.h"

namespace tacos::load {

// What a report says besides what was measured.
struct ReportContext {
  std::string command;
  const Scenario& scenario;
  const ResourcePlan& resources;
  const MachineFacts& machine;
  const std::vector<report::Gate>& gates;
};

// Names of the steps a scenario's journey takes: what gates may ask about.
std::vector<std::string> step_names(const Scenario& scenario);

// Parses the scenario's gates; fails with the first that can't be read.
core::Result<std::vector<report::Gate>> parse_gates(const Scenario& scenario);

// What the scenario asks of a report: its warm-up, rungs and gates.
report::Assembly assembly_of(const Scenario& scenario, const std::vector<report::Gate>& gates);

// Turns the facts of a run into its report, judged: percentiles, rungs, gates and verdict.
measure::RunReport build_report(const RunFacts& facts, const ReportContext& context);

}  // namespace tacos::load
