#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "measure/run_report.h"

namespace tacos::report {

// When a rung of a ladder counts as held. Beside the run's own gates, so that a ladder without gates has a knee too.
struct HoldRule {
  static constexpr double kLeastAchieved = 0.99;  // share of the planned rate that was answered
  static constexpr double kMostErrors = 0.01;     // share of what was scheduled
  // p99 has bent when it is both this many times the median of the rungs held below, and this much above it: a jump to
  // another kind of waiting, not the slow growth that every rung has, nor the few ms by which processes that share
  // cores wait for each other.
  static constexpr double kBendFactor = 5;
  static constexpr double kBendMillis = 25;
  // Of the machine, to what is no part of the run; beyond it, what did not hold may have been held up.
  static constexpr double kMostOthers = 0.2;

  // In one sentence, for people.
  static std::string words();
};

// What the parts whose names begin alike ("redis", "gateway") used in a rung, all together. What nobody saw is absent.
struct PartUse {
  std::optional<double> share{};  // of its limit; of several parts, the busiest one's
  std::optional<double> cores{};
  std::optional<double> commands_per_sec{};
  std::optional<double> cpu_us_per_status{};  // CPU for each status that was answered, whatever else it did meanwhile
};

struct LadderRung {
  enum class State : std::uint8_t { kHeld, kBroke, kInDoubt };

  std::string name;
  double planned_rps = 0, offered_rps = 0, achieved_rps = 0;
  std::uint64_t requests = 0;
  double error_share = 0;
  std::uint64_t joins = 0;  // of the requests: a crowd that still gathers
  std::uint64_t statuses = 0;
  double status_p50_ms = 0, status_p99_ms = 0;  // 0 when there was none
  PartUse redis{};
  PartUse gateway{};
  std::string nearest{};  // the part that was nearest its limit; empty when none told
  double nearest_share = 0;
  std::optional<double> others_share{};  // of the machine's cores, that no watched part nor the generator used
  bool generator_late = false;           // by the run's own limit: the times are no better than that
  State state = State::kHeld;
  std::vector<std::string> reasons{};  // why it did not hold
};

// The last rung that held before the first that broke. Rungs in doubt below it do not count: it held a higher rate.
struct Knee {
  std::optional<double> held_rps{};   // nothing: no rung held before one broke
  std::optional<double> ended_rps{};  // the first above that did not hold; nothing: all held
  bool in_doubt = false;              // that one could not be judged

  // The knee lies at held_rps or above it, nobody knows where.
  bool is_bound() const { return !ended_rps || in_doubt; }
  std::string text() const;  // "10,000/s", "≥ 30,000/s", "< 100/s"
};

// One run up a ladder of rates, as a study sees it: the rungs in order of their rates, each judged.
struct Ladder {
  std::string name;  // what people call it, such as the strategy that it shows
  std::string directory;
  measure::RunReport report;
  std::vector<LadderRung> rungs;
  Knee knee;

  std::uint64_t users() const { return report.users.planned; }
  // The first rung above the knee, or nullptr when every rung held.
  const LadderRung* ended_at() const;
};

// A rung of which less than half was run, because the run ended early, says too little and is left out. Fails when the
// run has no rungs, two of the same rate, no status requests, or no part called redis… or gateway….
core::Result<Ladder> ladder_of(std::string name, std::string directory, measure::RunReport report);

const char* name_of(LadderRung::State state);

// "10,000/s"
std::string rate_words(double per_second);

}  // namespace tacos::report
