#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tacos-plan/plan/planner.h"
#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// Quantities and choices as they would be typed, by name: {"users", "3000"}, {"position", "keys"}.
using Given = std::vector<std::pair<std::string, std::string>>;

// A small sale, which takes milliseconds to play, with what is given over it.
inline Plan some_plan(const Given& given = {}) {
  PlanInputs inputs;
  const Given small = {{"users", "3000"}, {"seats", "200"}, {"target_wait_sec", "60"}};
  for (const auto* list : {&small, &given}) {
    for (const auto& [name, value] : *list) {
      const auto quantity = quantity_named(name);
      const auto set = quantity ? inputs.set_text(*quantity, value, "test", name) : inputs.choose(name, value, name);
      set.value();
    }
  }
  return make_plan(inputs, catalogues_for(inputs, "").value()).value();
}

inline Rehearsal some_rehearsal(const Given& given = {}, std::uint64_t seed = 1) {
  return rehearse(some_plan(given), {100, 2000, 6000}, seed).value();
}

}  // namespace tacos::plan
