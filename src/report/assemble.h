#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "measure/run_record.h"
#include "measure/run_report.h"
#include "report/gate.h"

namespace tacos::report {

// A stretch of the run that is judged by itself.
struct RungWindow {
  std::string name;
  core::Nanos from{0};
  core::Nanos to{0};
};

// What a report is to be made from, beside the record.
struct Assembly {
  core::Nanos from{0};  // the end of the warm-up: the measured time is from here to where the record's schedule ends
  std::vector<RungWindow> rungs{};
  std::vector<Gate> gates{};
};

// Fills in everything that follows from the record: rates, outcomes, steps, lags, the series of intervals, the users'
// times, rungs, gates and at last the verdict. What a record does not know (who ran it how, the users' counts, the
// connections, the machine, `interrupted`, `validity`, the components and their intervals) must be in the report
// before. The same for a run that just ended and for runs read back and merged.
void assemble(const measure::RunRecord& record, const Assembly& assembly, measure::RunReport& report);

}  // namespace tacos::report
