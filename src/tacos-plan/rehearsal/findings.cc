#include "tacos-plan/rehearsal/findings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kMostlyInVain = 0.2;  // of the polls after the last seat was paid, before it is worth a warning
constexpr double kNearlyAll = 0.99;    // of the buyers
constexpr double kLongTail = 1.5;      // times as long for the rest of them
constexpr double kLateScalerSec = 1;   // pods that came later than this after they were wanted

class Findings {
 public:
  explicit Findings(const Rehearsal& rehearsal) : r_(rehearsal), s_(rehearsal.result.summary) {}

  std::vector<PlanWarning> all() {
    judge_seats();
    judge_answers();
    judge_components();
    judge_scaling();
    judge_polls();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.severity > b.severity; });
    return std::move(found_);
  }

 private:
  void add(const char* code, Severity severity, std::string text) {
    found_.push_back({code, severity, std::move(text)});
  }
  double users(Ending ending) const { return static_cast<double>(s_.of(ending)); }

  void judge_seats() {
    const PlanInputs& in = r_.plan.inputs;
    if (s_.oversold > 0) {
      add("OVERSOLD", Severity::kConflict,
          fmt::format("{} seats were sold twice.", count_text(static_cast<double>(s_.oversold))));
    }
    if (r_.plan.selling.sells_out && s_.sold_out_sec < 0) {
      add("NOT_SOLD_OUT", Severity::kConflict,
          fmt::format("{} of {} seats were sold when the simulation ended after {}, although the plan sells out.",
                      count_text(static_cast<double>(s_.seats_sold)), count_text(in[Q::kSeats]),
                      seconds_text(s_.ended_sec)));
    }
    if (s_.of(Ending::kFoundNoSeat) > 0) {
      add("LET_IN_IN_VAIN", Severity::kWarning,
          fmt::format("{} people were called in to find that nothing is left. With --at-sell-out stop admission keeps "
                      "to the seats that are free, and the line is told.",
                      count_text(users(Ending::kFoundNoSeat))));
    }
    judge_last_seats();
  }

  void judge_last_seats() {
    if (s_.sold_out_sec < 0) return;
    std::uint64_t bought = 0;
    double nearly_sec = 0;  // when nearly all buyers had paid
    for (const auto& point : r_.result.timeline) {
      bought += point.bought;
      nearly_sec = point.t_sec + r_.interval_sec();
      if (static_cast<double>(bought) >= kNearlyAll * users(Ending::kBought)) break;
    }
    if (s_.sold_out_sec < kLongTail * nearly_sec) return;
    add("LAST_SEATS", Severity::kNote,
        fmt::format("{} of the buyers had paid after {}, but the last seat was paid after {} (the plan "
                    "says {}). Until then there is something to wait for: a hold that lapses ({}) gives its seats "
                    "back, and each is offered to one "
                    "person at a time, who may let the turn ({}) or the grant ({}) lapse. Shorter times end it sooner.",
                    share_text(kNearlyAll), seconds_text(nearly_sec), seconds_text(s_.sold_out_sec),
                    seconds_text(r_.plan.selling.last_paid_sec), seconds_text(r_.sale.seating.hold_ttl_sec),
                    seconds_text(r_.sale.admission.turn_ttl_sec), seconds_text(r_.sale.admission.grant_ttl_sec)));
  }

  void judge_answers() {
    const double gone = users(Ending::kGaveUp) + users(Ending::kSwept);
    if (gone > 0) {
      std::string text;
      if (s_.of(Ending::kGaveUp) > 0) {
        text = fmt::format("{} people never got into the line: their joins were shed again and again.",
                           count_text(users(Ending::kGaveUp)));
      }
      if (s_.of(Ending::kSwept) > 0) {
        text += fmt::format("{}{} people lost their place: their requests were shed for longer than {}.",
                            text.empty() ? "" : " ", count_text(users(Ending::kSwept)),
                            seconds_text(r_.sale.admission.heartbeat_ttl_sec));
      }
      add("TURNED_AWAY", Severity::kConflict, std::move(text));
    }
    const double unfinished = users(Ending::kUnfinished) + users(Ending::kNotArrived);
    if (unfinished > 0) {
      add("UNFINISHED", Severity::kWarning,
          fmt::format("{} people had no answer when the simulation ended after {}.", count_text(unfinished),
                      seconds_text(r_.sale.horizon_sec)));
    }
    const double promised = r_.plan.inputs[Q::kTargetWait];
    const double longest = std::max(s_.wait_to_admission.max_sec, s_.wait_to_sold_out.max_sec);
    if (longest > promised * 1.01 && r_.plan.inputs[Q::kTargetPercentile] >= 100) {
      add("PROMISE_BROKEN", Severity::kWarning,
          fmt::format("The longest wait to be called in or told was {}; {} is promised.", seconds_text(longest),
                      seconds_text(promised)));
    }
  }

  void judge_components() {
    const double shed = static_cast<double>(s_.shed);
    if (shed > 0) {
      const double share = shed / std::max(1.0, r_.requests());
      add("SHED", share > r_.plan.inputs[Q::kErrorPromise] ? Severity::kConflict : Severity::kWarning,
          fmt::format("{} requests were shed, {} of all: they would have waited longer than {}.", count_text(shed),
                      share_text(share), seconds_text(r_.sale.gateway.timeout_sec)));
    }
    for (std::size_t i = 0; i < kComponents; ++i) {
      const ComponentLoad& load = s_.loads[i];
      if (load.saturated_at_sec < 0) continue;
      const auto component = static_cast<Component>(i);
      std::string text =
          fmt::format("{} had nothing to spare {} after the opening{}", called(component),
                      seconds_text(load.saturated_at_sec), i == s_.first_saturated ? ", first of all" : "");
      if (load.peak_utilisation > 1)
        text += fmt::format("; at worst {} were asked of it", share_text(load.peak_utilisation));
      if (component == Component::kRedis) text += ". " + redis_advice();
      text[0] = static_cast<char>(text[0] == 't' ? 'T' : text[0]);
      if (text.back() != '.') text += '.';
      add("SATURATED", Severity::kWarning, std::move(text));
    }
  }

  std::string redis_advice() const {
    const RedisParameters& redis = r_.sale.redis;
    if (redis.status_cpu_sec_per_waiting > 0) {
      return fmt::format(
          "A status call scans the keys of everybody in line, {} with {} waiting: more shards do not "
          "help, --position index or watermark does",
          seconds_text(redis.status_cpu_sec_per_waiting * static_cast<double>(s_.peak_waiting)),
          count_text(static_cast<double>(s_.peak_waiting)));
    }
    return "One thread serves the line's slot: more shards do not help, --position watermark or fewer polls do";
  }

  // What the autoscaler sees of a fleet at its end is 100 %.
  std::string step_advice() const {
    return fmt::format("A CPU shows no more than 100 %, so each decision makes at most {:.3g} times as many pods.",
                       std::min(2.0, 1 / r_.sale.gateway.target_utilisation));
  }

  void judge_scaling() {
    const FleetParameters& gateway = r_.sale.gateway;
    if (gateway.pods_at_opening >= r_.plan.gateway.pods) return;
    const auto& timeline = r_.result.timeline;
    const auto full = std::find_if(timeline.begin(), timeline.end(), [&](const TimelinePoint& point) {
      return point.pods_ready >= std::max<std::uint32_t>(s_.peak_pods, gateway.pods_at_opening + 1);
    });
    const double saturated = s_.loads[static_cast<std::size_t>(Component::kGateway)].saturated_at_sec;
    if (saturated < 0) return;
    if (full == timeline.end()) {
      add("SCALED_TOO_LATE", Severity::kWarning,
          fmt::format("The sale opened with {} pods and was over before the autoscaler had any more ready; the plan "
                      "asks for {}: scale up beforehand. {}",
                      gateway.pods_at_opening, r_.plan.gateway.pods, step_advice()));
    } else if (full->t_sec > saturated + kLateScalerSec) {
      add("SCALED_TOO_LATE", Severity::kWarning,
          fmt::format("The sale opened with {} pods, which were not enough {} after the opening; the autoscaler had {} "
                      "ready only after {}. The plan asks for {}: scale up beforehand. {}",
                      gateway.pods_at_opening, seconds_text(saturated), s_.peak_pods, seconds_text(full->t_sec),
                      r_.plan.gateway.pods, step_advice()));
    }
  }

  void judge_polls() {
    const auto polls = static_cast<double>(s_.polls);
    if (polls <= 0) return;
    double late = 0;
    for (const auto& point : r_.result.timeline) {
      if (s_.sold_out_sec >= 0 && point.t_sec >= s_.sold_out_sec) late += point.status_per_sec * r_.interval_sec();
    }
    if (late > kMostlyInVain * polls) {
      add("POLLS_AFTER_THE_LAST_SEAT", Severity::kWarning,
          fmt::format("{} of {} status requests came after the last seat was paid, from people whom nobody told.",
                      count_text(std::round(late)), count_text(polls)));
    }
    const double vain = static_cast<double>(s_.polls_in_vain);
    std::string text = fmt::format("{} of {} status requests were answered that nothing has changed ({}).",
                                   count_text(vain), count_text(polls), share_text(vain / polls));
    if (r_.plan.inputs.poll == PollPolicy::kFixed) text += " --poll by-position asks less of those far behind.";
    if (vain > polls / 2) add("POLLS_IN_VAIN", Severity::kNote, std::move(text));
  }

  const Rehearsal& r_;
  const SaleSummary& s_;
  std::vector<PlanWarning> found_;
};

}  // namespace

std::string called(Component component) {
  switch (component) {
    case Component::kGateway:
      return "the gateway";
    case Component::kRedis:
      return "Redis";
    default:
      return fmt::format("the {} API", name_of(component));
  }
}

double pods_needed(const FleetParameters& gateway, double requests_per_sec) {
  const double pods = requests_per_sec / (gateway.requests_per_sec_per_pod * gateway.target_utilisation);
  return std::max<double>(gateway.minimum_pods, std::ceil(pods - 0.01));
}

std::vector<PlanWarning> findings_of(const Rehearsal& rehearsal) {
  return Findings(rehearsal).all();
}

}  // namespace tacos::plan
