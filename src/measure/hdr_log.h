#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "measure/histogram.h"
#include "measure/run_record.h"

namespace tacos::measure {

// Where a log lies in time.
struct HdrLogStart {
  double unix_sec = 0;
  std::string text;  // the same for people; one line
};

// latency.hlog: a run's histograms, interval by interval, as a HdrHistogram log of format 1.3, with times in seconds
// since the start and maxima in milliseconds, as its readers expect. Tags tell the rows of an interval apart:
//   Tag=status           response times of the step       Tag=send_lag         of all steps together
//   Tag=status.service   its service times                Tag=dispatch_lag, Tag=connection_wait
//   Tag=time_to_admission, Tag=time_to_sold_out     users' waits, in the interval that ended them
//   Tag=position             places in line that answers named, a nanosecond for each place
// Rows without values are left out. Before each row stands a comment with what its counters know only to one part in
// 1,024: "#[Exact: min_ns, max_ns, sum_ns, saturated]". Readers skip it; read_hdr_log does not, and loses nothing.
std::string hdr_log(const RunRecord& record, const HdrLogStart& start);

// One row of a log, decoded.
struct HdrLogRow {
  std::string tag;  // empty where the row has none
  double start_sec = 0;
  double length_sec = 0;
  Histogram histogram;
};

// Reads a log of format 1.2 or 1.3 back, row by row, ours or another tool's. Safe on any bytes. Fails with the line's
// number.
core::Result<std::vector<HdrLogRow>> read_hdr_log(std::string_view text);

// Puts a log's rows into the intervals of a record that has their counts already (the other half of hdr_log). Fails on
// rows whose tag or time the record does not have.
core::Result<void> add_hdr_log(std::string_view text, RunRecord& record);

// latency.hgrm: HdrHistogram's percentile distribution text in milliseconds, five steps to each halving of the distance
// to 100 %, which its plotters read.
std::string percentile_distribution(const Histogram& histogram);

}  // namespace tacos::measure
