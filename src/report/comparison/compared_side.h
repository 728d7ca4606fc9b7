#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/histogram.h"
#include "measure/run_record.h"
#include "report/comparison/compared_run.h"
#include "report/comparison/compared_value.h"
#include "report/gate_node.h"

namespace tacos::report {

// The baseline or the candidate of a comparison: one run, or several of the same experiment. Each run is asked by
// itself and the side says the median of the answers: runs are not pooled, because a percentile of a pool hides how
// much the runs differ. The measured time of each run is decoded once, on construction.
class ComparedSide {
 public:
  ComparedSide() = default;
  explicit ComparedSide(std::vector<ComparedRun> runs);

  const std::vector<ComparedRun>& runs() const { return runs_; }
  // Of all its runs, in the order of the journey.
  const std::vector<std::string>& steps() const { return steps_; }
  bool has(std::string_view step) const;

  // One histogram a run, in their order; empty ones for runs that don't know the step. No step means all together.
  std::vector<measure::Histogram> times(Gate::Node::Source source, std::string_view step) const;

  SideValue each(const std::function<double(const ComparedRun&)>& value) const;
  // Over all steps when there is none given.
  SideValue requests(std::string_view step) const;
  SideValue error_share(std::string_view step) const;
  SideValue answered_per_second(std::string_view step) const;

 private:
  std::vector<ComparedRun> runs_;
  std::vector<measure::WindowSummary> windows_;  // one a run
  std::vector<std::string> steps_;
};

// percentile is in the terms of Gate::Node::number: 0 to 100, or kMean. In milliseconds.
SideValue statistic_of(const std::vector<measure::Histogram>& runs, double percentile);

// How many requests a run must have for the percentile to be more than the chance of a few: 10 beyond it (for those
// below the median, 10 at or below it). The mean needs 10; extremes are what they are.
std::uint64_t requests_needed(double percentile);
// The count of the run with the fewest; 0 without runs.
std::uint64_t fewest_requests(const std::vector<measure::Histogram>& runs);

// The steps of either, the baseline's first.
std::vector<std::string> steps_of(const ComparedSide& baseline, const ComparedSide& candidate);

}  // namespace tacos::report
