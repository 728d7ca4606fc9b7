#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "tacos-plan/plan/plan.h"

namespace tacos::plan {

struct ScenarioShape {
  std::optional<double> ramp_sec;  // the climb to the peak; by itself as long as the crowd takes to gather
  std::optional<double> hold_sec;  // the peak; by itself until the last seat is paid and the line has been told
};

// The load test that would prove the plan, schema tacos.scenario/1: the plan's crowd asks as often as the plan says, up
// to its peak of requests, and the gates are the plan's promises. The description names the gateway's options that
// belong to it. tacos-load runs it; tacos-plan verify then holds the plan against the report. Fails on what tacos-load
// would refuse: more users than it plays, a stage of more than a day.
core::Result<std::string> proving_scenario(const Plan& plan, const ScenarioShape& shape);

}  // namespace tacos::plan
