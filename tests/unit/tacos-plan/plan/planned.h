#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tacos-plan/plan/planner.h"

namespace tacos::plan {

// The inputs with some quantities set; a test fails on one that is out of range.
inline PlanInputs inputs_with(std::initializer_list<std::pair<Quantity, double>> values) {
  PlanInputs inputs;
  for (const auto& [quantity, value] : values) {
    const auto set = inputs.set(quantity, value, "test", "test");
    EXPECT_TRUE(set.has_value()) << set.error().message;
  }
  return inputs;
}

inline Catalogues catalogues_of(const PlanInputs& inputs) {
  auto catalogues = catalogues_for(inputs, "");
  EXPECT_TRUE(catalogues.has_value()) << catalogues.error().message;
  return *catalogues;
}

inline Plan planned(const PlanInputs& inputs) {
  auto plan = make_plan(inputs, catalogues_of(inputs));
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return *plan;
}

inline const PlanWarning* warning_of(const Plan& plan, const std::string& code) {
  for (const auto& warning : plan.warnings) {
    if (warning.code == code) return &warning;
  }
  return nullptr;
}

}  // namespace tacos::plan
