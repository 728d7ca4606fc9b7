#pragma once

#include "core/result.h"
#include "tacos-plan/command/command_line.h"
#include "tacos-plan/plan/catalogues.h"
#include "tacos-plan/plan/planner.h"

namespace tacos::plan {

// What nearly every command starts from. Its faults are for exit code 2.
struct Prepared {
  PlanInputs inputs;
  Catalogues catalogues;
  Plan plan;
};

inline core::Result<Prepared> prepare(const CommandLine& command) {
  auto inputs = inputs_of(command);
  if (!inputs) return inputs.error();
  auto catalogues = catalogues_for(*inputs, command.prices_file);
  if (!catalogues) return catalogues.error();
  auto plan = make_plan(*inputs, *catalogues);
  if (!plan) return plan.error();
  return Prepared{std::move(*inputs), std::move(*catalogues), std::move(*plan)};
}

}  // namespace tacos::plan
