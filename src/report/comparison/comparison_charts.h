#pragma once

#include <string>

#include "report/comparison/comparison.h"
#include "report/page/svg_chart.h"

namespace tacos::report {

// Response time by percentile, a curve a side. Of several runs, the median of the runs' own curves; it ends where the
// smallest run's does.
Chart percentile_chart(const Comparison& comparison, const Comparison::Step& step);

// How response times are spread: the percent of a side's requests in each step of time, on a log axis, laid over one
// another. Of several runs, each counts alike.
Chart distribution_chart(const Comparison& comparison, const Comparison::Step& step);

}  // namespace tacos::report
