#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measure/run_report.h"

namespace tacos::report {

// A question that everyone brings to a report, and what this run says to it.
struct Answer {
  std::string question;
  std::string text;
};

// The question that the component table stands under.
inline constexpr const char* kWhereItBent = "Where did it bend?";

// Did it hold, where did it bend, what did users feel, can it be trusted: in plain words, from the numbers of the
// report alone. `all` are the response times of all steps together.
std::vector<Answer> reading_of(const measure::RunReport& report, const measure::Percentiles& all);

// Where a run began to bend: the first of three intervals in a row in which p99 stood above three times its usual (the
// median of the first quarter of the measured time) and a millisecond beyond it, or errors exceeded 1 %, or less than
// 99 % of what was due was answered. Nothing when there are fewer than eight intervals or it never did. Three in a row,
// because a single slow second is a hiccup and not a limit.
struct Bend {
  double t_sec = 0;
  double rate = 0;     // planned per second there
  std::string sign{};  // what showed it
};
std::optional<Bend> find_bend(const measure::RunReport& report);

}  // namespace tacos::report
