#pragma once

#include <string>

#include "core/result.h"
#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// reports/runs/<name>-<UTC time>, relative to the working directory.
std::string default_directory(const std::string& run_name);

// The files of one run, in a directory of their own. Each is written beside its place and then renamed into it, so that
// nobody ever reads half a report.
class RunFiles {
 public:
  explicit RunFiles(std::string directory) : directory_(std::move(directory)) {}

  // Makes the directory, before the load starts rather than after: a run whose report can't be written is a run wasted.
  core::Result<void> prepare() const;

  // report.json, report.html, intervals.csv, latency.hlog, latency.hgrm, junit.xml and summary.md. Fails with the path
  // and the system's reason.
  core::Result<void> write(const measure::RunReport& report, const measure::RunRecord& record) const;

  // One file more.
  core::Result<void> write_file(const std::string& name, const std::string& text) const;

  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

// One row per interval: the columns of report.json's intervals.
std::string intervals_csv(const measure::RunReport& report);

}  // namespace tacos::report
