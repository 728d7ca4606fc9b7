#include "report/ladders/ladder_study.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "report/components.h"
#include "report/ladders/figures_in_words.h"
#include "report/ladders/rate_columns.h"

namespace tacos::report {
namespace {

using State = LadderRung::State;

std::optional<double> quotient(std::optional<double> a, std::optional<double> b) {
  if (!a || !b || !(*b > 0)) return std::nullopt;
  return *a / *b;
}

std::optional<double> measured(double millis) {
  return millis > 0 ? std::optional(millis) : std::nullopt;
}

LadderStudy::Ratio ratio_of(const Ladder& a, const Ladder& b, double rate, const LadderRung& of_a,
                            const LadderRung& of_b) {
  LadderStudy::Ratio ratio;
  ratio.dividend = &a;
  ratio.divisor = &b;
  ratio.rate = rate;
  ratio.both_held = of_a.state == State::kHeld && of_b.state == State::kHeld;
  ratio.redis_cpu = quotient(of_a.redis.cores, of_b.redis.cores);
  ratio.gateway_cpu = quotient(of_a.gateway.cores, of_b.gateway.cores);
  ratio.redis_commands = quotient(of_a.redis.commands_per_sec, of_b.redis.commands_per_sec);
  ratio.status_p99 = quotient(measured(of_a.status_p99_ms), measured(of_b.status_p99_ms));
  return ratio;
}

// Later ladders as a share of earlier ones: whoever makes the study names the old way first.
void add_ratios(LadderStudy& study) {
  for (std::size_t b = 0; b < study.ladders.size(); ++b) {
    for (std::size_t a = b + 1; a < study.ladders.size(); ++a) {
      if (study.ladders[a].users() != study.ladders[b].users()) continue;
      for (const double rate : study.rates) {
        const LadderRung* of_a = rung_at(study.ladders[a], rate);
        const LadderRung* of_b = rung_at(study.ladders[b], rate);
        if (of_a == nullptr || of_b == nullptr) continue;
        study.ratios.push_back(ratio_of(study.ladders[a], study.ladders[b], rate, *of_a, *of_b));
      }
    }
  }
}

std::string with_users(const Ladder& ladder) {
  return fmt::format("{} ({} users)", ladder.name, core::format_count(ladder.users()));
}

std::string state_of_parts(const LadderRung& rung) {
  return fmt::format("Redis at {} of its limit, gateway at {}, p99 of status {}", share_words(rung.redis.share),
                     share_words(rung.gateway.share), time_words(rung.status_p99_ms));
}

std::string knee_sentence(const Ladder& ladder) {
  std::string text;
  if (!ladder.knee.held_rps) {
    text = with_users(ladder) + " held no rung";
  } else {
    const LadderRung* held = rung_at(ladder, *ladder.knee.held_rps);
    text = fmt::format("{} held {}{}: {}", with_users(ladder), ladder.knee.ended_rps ? "" : "every rung, up to ",
                       rate_words(*ladder.knee.held_rps), state_of_parts(*held));
  }
  if (const LadderRung* ended = ladder.ended_at()) {
    text += fmt::format("; {}{} {}: {}", ladder.knee.held_rps ? "at " : "", rate_words(ended->planned_rps),
                        ended->state == State::kInDoubt ? "is in doubt" : "broke", state_of_parts(*ended));
    text += fmt::format(", {} of {} answered", rate_words(ended->achieved_rps), rate_words(ended->planned_rps));
    if (ended->error_share > 0) text += fmt::format(", {:.3g} % failed", ended->error_share * 100);
    if (ended->nearest_share >= kNearItsLimit) {
      text += fmt::format("; nearest its limit was {}, {}", ended->nearest, share_words(ended->nearest_share));
    }
  }
  return text + ".";
}

std::string times_words(const std::optional<double>& ratio) {
  return ratio ? fmt::format("{:.3g} times", *ratio) : "an unknown share of";
}

// Of each pair, the highest rate that both held says most.
std::string ratio_sentence(const LadderStudy::Ratio& ratio) {
  const LadderRung& a = *rung_at(*ratio.dividend, ratio.rate);
  const LadderRung& b = *rung_at(*ratio.divisor, ratio.rate);
  return fmt::format(
      "At {} with {} users {} used {} the Redis CPU of {} ({} against {} of its limit), {} its commands ({} against "
      "{}) "
      "and {} its gateway CPU.",
      rate_words(ratio.rate), core::format_count(ratio.dividend->users()), ratio.dividend->name,
      times_words(ratio.redis_cpu), ratio.divisor->name, share_words(a.redis.share), share_words(b.redis.share),
      times_words(ratio.redis_commands), flow_words(a.redis.commands_per_sec), flow_words(b.redis.commands_per_sec),
      times_words(ratio.gateway_cpu));
}

std::string knees_sentence(const Ladder& a, const Ladder& b) {
  const double times = *a.knee.held_rps / *b.knee.held_rps;
  const bool at_least = a.knee.is_bound();
  return fmt::format("The knee of {} ({}) is {}{:.3g} times that of {} ({}), with {} users.", a.name, a.knee.text(),
                     at_least ? "at least " : "", times, b.name, b.knee.text(), core::format_count(a.users()));
}

void conclude(LadderStudy& study) {
  for (const auto& ladder : study.ladders) study.conclusions.push_back(knee_sentence(ladder));
  for (std::size_t b = 0; b < study.ladders.size(); ++b) {
    for (std::size_t a = b + 1; a < study.ladders.size(); ++a) {
      const Ladder &later = study.ladders[a], &earlier = study.ladders[b];
      // A bound from below can be divided, but not divided by.
      const bool known = later.knee.held_rps && earlier.knee.held_rps && !earlier.knee.is_bound();
      if (later.users() == earlier.users() && known) study.conclusions.push_back(knees_sentence(later, earlier));
      const LadderStudy::Ratio* highest = nullptr;
      for (const auto& ratio : study.ratios) {
        if (ratio.dividend == &later && ratio.divisor == &earlier && ratio.both_held) highest = &ratio;
      }
      if (highest != nullptr) study.conclusions.push_back(ratio_sentence(*highest));
    }
  }
}

// The rung in which other programs took most, if that was enough to hold the ladder up.
const LadderRung* with_most_others(const Ladder& ladder) {
  const LadderRung* most = nullptr;
  for (const auto& rung : ladder.rungs) {
    if (rung.others_share.value_or(0) <= HoldRule::kMostOthers) continue;
    if (most == nullptr || *rung.others_share > *most->others_share) most = &rung;
  }
  return most;
}

void warn(LadderStudy& study) {
  std::set<std::string> machines, versions;
  for (const auto& ladder : study.ladders) {
    const auto& r = ladder.report;
    machines.insert(fmt::format("{} CPUs, {}", r.host.cpus, r.host.kernel));
    versions.insert(r.tool_version);
    std::uint64_t joins = 0, requests = 0;
    for (const auto& rung : ladder.rungs) {
      joins += rung.joins;
      requests += rung.requests;
    }
    if (joins > 0) {
      study.warnings.push_back(
          fmt::format("{}: {} of the {} requests of its rungs were joins, not status calls: the "
                      "crowd had not gathered before",
                      ladder.name, core::format_count(joins), core::format_count(requests)));
    }
    if (const LadderRung* busiest = with_most_others(ladder)) {
      study.warnings.push_back(
          fmt::format("{}: other programs took up to {:.0f} % of the machine (at {}); on a quiet "
                      "machine it may hold more",
                      ladder.name, *busiest->others_share * 100, rate_words(busiest->planned_rps)));
    }
    if (r.interrupted) study.warnings.push_back(ladder.name + ": the run was interrupted");
    for (const auto& rung : ladder.rungs) {
      if (!rung.generator_late || rung.state != State::kHeld) continue;
      study.warnings.push_back(
          fmt::format("{} at {}: the generator was late; its times count that too, so they are "
                      "an upper bound",
                      ladder.name, rate_words(rung.planned_rps)));
    }
  }
  if (machines.size() > 1) study.warnings.emplace_back("the ladders were run on different machines or kernels");
  if (versions.size() > 1) study.warnings.emplace_back("the ladders were run by different versions of tacos-load");
}

}  // namespace

const LadderRung* rung_at(const Ladder& ladder, double rate) {
  const auto at = std::find_if(ladder.rungs.begin(), ladder.rungs.end(),
                               [&](const auto& rung) { return same_rate(rung.planned_rps, rate); });
  return at == ladder.rungs.end() ? nullptr : &*at;
}

core::Result<LadderStudy> study_ladders(std::vector<Ladder> ladders, std::string title,
                                        std::vector<std::string> notes) {
  if (ladders.empty()) return core::fail("there is no ladder to show: name at least one as NAME=DIR");
  if (ladders.size() > LadderStudy::kMostLadders) {
    return core::fail(fmt::format("{} ladders are more than a chart can tell apart: name {} at most", ladders.size(),
                                  LadderStudy::kMostLadders));
  }
  std::set<std::string> names;
  std::vector<double> rates;
  for (const auto& ladder : ladders) {
    if (!names.insert(ladder.name).second) {
      return core::fail(fmt::format("two ladders are called '{}': give each a name of its own", ladder.name));
    }
    for (const auto& rung : ladder.rungs) rates.push_back(rung.planned_rps);
  }
  LadderStudy study;
  study.title = std::move(title);
  study.notes = std::move(notes);
  study.ladders = std::move(ladders);
  study.rates = rate_columns(std::move(rates));
  add_ratios(study);
  conclude(study);
  warn(study);
  return study;
}

}  // namespace tacos::report
