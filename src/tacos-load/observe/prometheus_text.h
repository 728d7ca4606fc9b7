#pragma once

#include <string_view>

#include "core/result.h"
#include "tacos-load/observe/figures.h"

namespace tacos::load {

// From a page in Prometheus's text format (exposition format 0.0.4) or OpenMetrics: process_cpu_seconds_total,
// process_resident_memory_bytes, process_start_time_seconds (its life), and of our gateway store_commands_total,
// http_server_requests_total, http_server_connections and the bytes it received and sent. Samples of one name are added
// up over their labels. Lines it can't read are passed over; fails when not one line is a sample.
core::Result<Figures> parse_prometheus(std::string_view text);

}  // namespace tacos::load
