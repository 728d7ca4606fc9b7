#include "report/ladders/ladder.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "report/components.h"
#include "report/ladders/figures_in_words.h"
#include "report/ladders/rate_columns.h"

namespace tacos::report {
namespace {

using measure::ComponentUse;
using measure::Flow;
using measure::RunReport;
using State = LadderRung::State;

constexpr double kLeastCovered = 0.5;  // share of a rung that must have been run

void add(std::optional<double>& to, const std::optional<double>& value) {
  if (value) to = to.value_or(0) + *value;
}

PartUse use_of_parts(const RunReport::Rung& rung, std::string_view prefix) {
  PartUse part;
  for (const auto& [name, use] : rung.components) {
    if (!name.starts_with(prefix)) continue;
    if (use.utilisation) part.share = std::max(part.share.value_or(0), *use.utilisation);
    add(part.cores, use.of(Flow::kCpu));
    add(part.commands_per_sec, use.of(Flow::kCommands));
  }
  return part;
}

// Whether a part ran on the generator's machine, by where it was watched.
bool is_here(const measure::Component& component) {
  if (component.kind == "process" || component.kind == "generator" || component.source.starts_with("unix:"))
    return true;
  const std::string_view source = component.source;
  const auto from = source.find("://");
  if (from == std::string_view::npos) return false;
  std::string_view host = source.substr(from + 3);
  host = host.substr(0, host.find('/'));
  host.remove_prefix(host.rfind('@') + 1);  // npos + 1 is 0
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

// What the machine did beside all of it that the report names. Nothing where some of that is not known.
std::optional<double> others_share(const RunReport& report, const RunReport::Rung& rung) {
  std::optional<double> machine;
  double limit = 0, named = 0;
  for (const auto& component : report.components) {
    if (component.kind != "machine" && !is_here(component)) continue;
    const auto at = std::find_if(rung.components.begin(), rung.components.end(),
                                 [&](const auto& use) { return use.first == component.name; });
    const auto cpu = at == rung.components.end() ? std::nullopt : at->second.of(Flow::kCpu);
    if (!cpu) return std::nullopt;
    if (component.kind == "machine") {
      machine = cpu;
      limit = component.limit_cores;
    } else {
      named += *cpu;
    }
  }
  if (!machine || !(limit > 0)) return std::nullopt;
  return std::max(0.0, *machine - named) / limit;
}

const RunReport::Step* step_of(const RunReport::Rung& rung, std::string_view name) {
  const auto at = std::find_if(rung.steps.begin(), rung.steps.end(), [&](const auto& s) { return s.first == name; });
  return at == rung.steps.end() ? nullptr : &at->second;
}

// How much of the rung was run: less than its length when the run ended in it.
double seconds_of(const RunReport::Rung& rung) {
  const double scheduled = static_cast<double>(measure::total(rung.outcomes));
  return rung.offered_rps > 0 ? scheduled / rung.offered_rps : 0;
}

void per_status(PartUse& part, double statuses_per_sec) {
  if (part.cores && statuses_per_sec > 0) part.cpu_us_per_status = *part.cores * 1e6 / statuses_per_sec;
}

LadderRung rung_of(const RunReport& report, const RunReport::Rung& from) {
  LadderRung rung;
  rung.name = from.name;
  rung.planned_rps = from.planned_rps;
  rung.offered_rps = from.offered_rps;
  rung.achieved_rps = from.achieved_rps;
  rung.requests = measure::total(from.outcomes);
  if (rung.requests > 0) {
    rung.error_share = static_cast<double>(measure::errors(from.outcomes)) / static_cast<double>(rung.requests);
  }
  rung.redis = use_of_parts(from, "redis");
  rung.gateway = use_of_parts(from, "gateway");
  if (const auto* joins = step_of(from, "join")) rung.joins = joins->count;
  if (const auto* status = step_of(from, "status")) {
    rung.statuses = status->count;
    rung.status_p50_ms = status->response_time_ms.p50;
    rung.status_p99_ms = status->response_time_ms.p99;
    const double seconds = seconds_of(from);
    const auto answered = status->outcomes[static_cast<std::size_t>(measure::Outcome::kOk)];
    if (seconds > 0) {
      per_status(rung.redis, static_cast<double>(answered) / seconds);
      per_status(rung.gateway, static_cast<double>(answered) / seconds);
    }
  }
  if (const auto nearest = nearest_to_limit(report, from)) {
    rung.nearest = nearest->component->name;
    rung.nearest_share = nearest->utilisation;
  }
  rung.others_share = others_share(report, from);
  rung.generator_late = from.verdict == "invalid";
  for (const auto& gate : from.gates) {
    if (!gate.passed) rung.reasons.push_back(fmt::format("{} does not hold: it was {}", gate.expression, gate.value));
  }
  return rung;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

void judge(LadderRung& rung, const std::vector<double>& held_p99s) {
  if (rung.achieved_rps < HoldRule::kLeastAchieved * rung.planned_rps) {
    rung.reasons.push_back(
        fmt::format("{} of {} answered", rate_words(rung.achieved_rps), rate_words(rung.planned_rps)));
  }
  if (rung.error_share > HoldRule::kMostErrors) {
    rung.reasons.push_back(fmt::format("{:.3g} % failed", rung.error_share * 100));
  }
  const double usual = median(held_p99s);
  if (usual > 0 && rung.status_p99_ms > HoldRule::kBendFactor * usual &&
      rung.status_p99_ms > usual + HoldRule::kBendMillis) {
    rung.reasons.push_back(
        fmt::format("p99 of status bent: {} after {} below", time_words(rung.status_p99_ms), time_words(usual)));
  }
  const bool part_full =
      rung.redis.share.value_or(0) >= kNearItsLimit || rung.gateway.share.value_or(0) >= kNearItsLimit;
  const bool machine_busy = rung.others_share.value_or(0) > HoldRule::kMostOthers;
  if (rung.reasons.empty()) {
    rung.state = State::kHeld;  // times count from when requests were due, so a late generator only makes it harder
  } else if (part_full || !(rung.generator_late || machine_busy)) {
    rung.state = State::kBroke;
  } else {
    rung.state = State::kInDoubt;
    if (rung.generator_late) rung.reasons.emplace_back("but the generator was late");
    if (machine_busy) {
      rung.reasons.push_back(fmt::format("but other programs took {:.0f} % of the machine", *rung.others_share * 100));
    }
  }
}

Knee knee_of(const std::vector<LadderRung>& rungs) {
  Knee knee;
  for (const auto& rung : rungs) {
    if (rung.state == State::kHeld) {
      knee = {.held_rps = rung.planned_rps};  // what was in doubt below held here at a higher rate
    } else if (rung.state == State::kBroke) {
      if (!knee.in_doubt) knee.ended_rps = rung.planned_rps;
      break;
    } else if (!knee.in_doubt) {
      knee.ended_rps = rung.planned_rps;
      knee.in_doubt = true;
    }
  }
  return knee;
}

bool watched(const RunReport& report, std::string_view prefix) {
  return std::any_of(report.components.begin(), report.components.end(),
                     [&](const auto& component) { return component.name.starts_with(prefix); });
}

}  // namespace

std::string HoldRule::words() {
  return fmt::format(
      "A rung held when all its gates held, at least {:.0f} % of the planned rate was answered, at most {:.0f} % of "
      "the "
      "requests failed, and the p99 of status did not bend: it was not more than {:.0f} times the median p99 of the "
      "rungs below, or not more than {:.0f} ms above it. A rung that did not hold although neither Redis nor gateway "
      "used {:.0f} % of its limit is in doubt when the generator was late or other programs took more than {:.0f} % of "
      "the machine. The knee is the last rung that held before the first that broke; what is in doubt above it leaves "
      "only a bound from below, marked ≥, as where no rung broke.",
      kLeastAchieved * 100, kMostErrors * 100, kBendFactor, kBendMillis, kNearItsLimit * 100, kMostOthers * 100);
}

std::string Knee::text() const {
  if (!held_rps) return in_doubt ? "in doubt" : ended_rps ? "< " + rate_words(*ended_rps) : "none";
  return (is_bound() ? "≥ " : "") + rate_words(*held_rps);
}

const LadderRung* Ladder::ended_at() const {
  const auto at =
      std::find_if(rungs.begin(), rungs.end(), [&](const auto& r) { return knee.ended_rps == r.planned_rps; });
  return at == rungs.end() ? nullptr : &*at;
}

core::Result<Ladder> ladder_of(std::string name, std::string directory, measure::RunReport report) {
  const auto wrong = [&](std::string_view what) { return core::fail(fmt::format("{}={}: {}", name, directory, what)); };
  if (report.rungs.empty()) {
    return wrong(
        "this run is no ladder: it has no rungs. Run a scenario with \"rung\": true, such as "
        "scenarios/ladder.json");
  }
  for (const char* part : {"redis", "gateway"}) {
    if (!watched(report, part)) {
      return wrong(
          fmt::format("no part whose name begins with '{0}' was watched: run the ladder with --observe "
                      "{0}=…",
                      part));
    }
  }
  Ladder ladder;
  for (const auto& rung : report.rungs) {
    if (seconds_of(rung) >= kLeastCovered * (rung.to_sec - rung.from_sec)) {
      ladder.rungs.push_back(rung_of(report, rung));
    }
  }
  std::stable_sort(ladder.rungs.begin(), ladder.rungs.end(),
                   [](const auto& a, const auto& b) { return a.planned_rps < b.planned_rps; });
  for (std::size_t i = 1; i < ladder.rungs.size(); ++i) {
    if (!same_rate(ladder.rungs[i - 1].planned_rps, ladder.rungs[i].planned_rps)) continue;
    return wrong(fmt::format("the rungs '{}' and '{}' have the same rate, so neither is the one to line up",
                             ladder.rungs[i - 1].name, ladder.rungs[i].name));
  }
  if (std::none_of(ladder.rungs.begin(), ladder.rungs.end(), [](const auto& rung) { return rung.statuses > 0; })) {
    return wrong("no rung has a status request: a study is of the status call, so its journey is \"queue\"");
  }
  std::vector<double> held_p99s;
  for (auto& rung : ladder.rungs) {
    judge(rung, held_p99s);
    if (rung.state == State::kHeld && rung.statuses > 0) held_p99s.push_back(rung.status_p99_ms);
  }
  ladder.knee = knee_of(ladder.rungs);
  ladder.name = std::move(name);
  ladder.directory = std::move(directory);
  ladder.report = std::move(report);
  return ladder;
}

const char* name_of(State state) {
  switch (state) {
    case State::kHeld:
      return "held";
    case State::kBroke:
      return "broke";
    default:
      return "in_doubt";
  }
}

std::string rate_words(double per_second) {
  return core::format_count(static_cast<std::uint64_t>(std::max(0.0, per_second) + 0.5)) + "/s";
}

}  // namespace tacos::report
