#pragma once

#include <string>

#include "tacos-load/schedule/rate_profile.h"
#include "tacos-load/terminal/live_snapshot.h"

namespace tacos::load {

// What the schedule asked for over the second before the snapshot. Where users are scheduled rather than requests, that
// is what their journeys made due.
double planned_per_second(const RateProfile& profile, bool schedules_users, const LiveSnapshot& s);

// The errors by kind, "timeout 20, connect_error 3" in the words of report.json; empty when there are none.
std::string error_kinds(const LiveSnapshot& s);

// A moment of a run on one line, for pipes and for screens too small for more. aligned keeps its columns in place from
// line to line.
std::string plain_line(const RateProfile& profile, bool schedules_users, const LiveSnapshot& s, bool aligned);

}  // namespace tacos::load
