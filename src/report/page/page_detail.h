#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "measure/run_record.h"

namespace tacos::report {

// A moment to be drawn in the time charts.
struct PageMark {
  double t_sec = 0;
  std::string name{};
};

// What report.html draws and report.json does not hold, as JSON: the percentile curves of the measured time (from
// `from` on), and how latencies spread over time in every interval of the run, each of all steps together and of every
// step. See page/report.js for its reader.
//   {"percentiles": {"at": [p…], "all": {"response_ms": […], "service_ms": […]}, "steps": {NAME: {…}}},
//    "heatmap": {"all": {"edges_ms": […], "from_sec": 0, "interval_sec": 1, "cells": [[time, bucket, count]…]},
//                NAME: {…}},
//    "marks": [{"t_sec": 20, "name": "bend"}…]}
// A curve ends where less than one request lies beyond: what follows would be the maximum, drawn as if it were
// knowledge.
std::string page_detail(const measure::RunRecord& record, core::Nanos from, const std::vector<PageMark>& marks);

}  // namespace tacos::report
