#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "measure/run_record.h"
#include "report/assemble.h"
#include "report/gate.h"

namespace tacos::load {

// Judges a run while it lasts: which gate is broken by what is known so far, so that nobody waits an hour for a verdict
// that is settled after a minute. A gate is asked from `delay` after the part it answers for began (the warm-up's end,
// or a rung), because the first answers of a part are few. Pure but for what it is given.
class AbortWatch {
 public:
  AbortWatch(const report::Assembly& assembly, core::Nanos delay) : assembly_(assembly), delay_(delay) {}

  // `record` is everything that is settled, up to `now`, with its plan laid. Requests that are still out would count as
  // neither answered nor failed, so what is open must not be in it.
  std::optional<std::string> broken(const measure::RunRecord& record, core::Nanos now) const;

 private:
  std::optional<std::string> broken_between(const measure::RunRecord& record, core::Nanos from, core::Nanos to) const;

  report::Assembly assembly_;
  core::Nanos delay_;
};

}  // namespace tacos::load
