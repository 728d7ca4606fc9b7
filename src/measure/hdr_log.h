#pragma once

#include <string>

#include "core/clock.h"
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
// Rows without values are left out. Logs of several machines can be merged without loss from these rows alone.
std::string hdr_log(const RunRecord& record, const HdrLogStart& start);

// latency.hgrm: HdrHistogram's percentile distribution text in milliseconds, five steps to each halving of the distance
// to 100 %, which its plotters read.
std::string percentile_distribution(const Histogram& histogram);

}  // namespace tacos::measure
