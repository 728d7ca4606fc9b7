#pragma once

#include <string>

#include "core/clock.h"
#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// One run as it was read back from its directory. Counts, rates and outcomes come from the report, and all times from
// the record's histograms, so a record that knows histograms only (one read from latency.hlog) is enough.
struct ComparedRun {
  std::string name;  // what people call it: its directory
  measure::RunReport report;
  measure::RunRecord record;
  // The measured time: warm-up excluded.
  core::Nanos from{0};
  core::Nanos to = core::Nanos::max();
};

}  // namespace tacos::report
