#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "measure/run_record.h"
#include "measure/run_report.h"
#include "report/assemble.h"

namespace tacos::report {

// A run as its directory keeps it: report.json has the counts of every interval, latency.hlog the histograms; together
// they are the record, whole.
struct StoredRun {
  std::string directory;
  measure::RunReport report;
  measure::RunRecord record;

  // How the report was put together: warm-up, rungs, gates. Fails when a gate in it can't be read.
  core::Result<Assembly> assembly() const;
  std::vector<std::string> step_names() const { return record.steps(); }
};

// Puts a run together from the texts of its two files. Safe on any bytes. Fails with the file and what is wrong in it.
core::Result<StoredRun> parse_run(const std::string& directory, std::string_view report_json,
                                  std::string_view latency_hlog);

// Reads DIR, or the directory that DIR/report.json is in. Fails with the file and what is wrong in it.
core::Result<StoredRun> read_run(const std::string& path);

// Only the report of a run, for what asks for no histograms; DIR as in read_run().
core::Result<measure::RunReport> read_report(const std::string& path);

// Puts runs that shared one load (the same scenario on several machines at once) together, interval by interval since
// each one's own start, and judges the whole again. Nothing is lost: histograms and counts add up. Fails when steps,
// intervals, warm-up or rungs differ. Fairness is summed over the runs, since none knows when another's users came.
core::Result<StoredRun> merge_runs(std::vector<StoredRun> runs);

}  // namespace tacos::report
