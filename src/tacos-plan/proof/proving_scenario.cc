#include "tacos-plan/proof/proving_scenario.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using json = nlohmann::ordered_json;

constexpr std::uint64_t kFirstPart = 30;  // of the peak, where the climb begins: 1,000 of 30,000
constexpr double kShortestHold = 10;      // seconds
// What tacos-load takes (docs/schema/scenario-1.schema.json and its reader).
constexpr double kMostUsers = 10e6;
constexpr double kLongestStage = 86'400, kLongestThink = 3600;
constexpr double kEnter = 0.2, kReserve = 1, kConfirm = 0.2;  // what a person takes at a page without a form

std::string duration(double seconds) {
  // To the millisecond: 1m33.1s, not 1m33s100ms and nine digits more.
  return core::format_duration(core::from_seconds(std::round(seconds * 1000) / 1000));
}

// Everybody in line asking; joins and purchases take their part of it while they last.
std::uint64_t peak_of(const Plan& plan) {
  return static_cast<std::uint64_t>(std::ceil(plan.polling.status_rps));
}

json stages_of(const Plan& plan, const ScenarioShape& shape) {
  const auto& in = plan.inputs;
  const double gather = in[Q::kArrivalTime] > 0 ? in[Q::kArrivalTime] : in[Q::kGatherTime];
  const std::uint64_t peak = peak_of(plan);
  const double until_told = plan.selling.in_vain > 0 ? plan.selling.told_sec : plan.selling.last_paid_sec;
  const double hold = shape.hold_sec.value_or(std::max(kShortestHold, std::ceil(until_told)));
  return json::array({{{"name", "gather"},
                       {"from", std::max<std::uint64_t>(1, peak / kFirstPart)},
                       {"to", peak},
                       {"duration", duration(shape.ramp_sec.value_or(gather))}},
                      {{"name", "sale"}, {"rate", peak}, {"duration", duration(hold)}}});
}

json journey_of(const Plan& plan) {
  const auto& in = plan.inputs;
  const bool fixed = in.poll == PollPolicy::kFixed;
  const double paying = std::max(0.0, in[Q::kCheckoutTime] - kEnter - kReserve - kConfirm);
  return {{"kind", "queue"},
          {"event_id", "plan-{run}"},
          {"poll",
           {{"interval", duration(fixed ? in[Q::kPollInterval] : in[Q::kPollLongest])},
            {"mode", "fixed_rate"},
            {"jitter", in[Q::kPollJitter]},
            {"honour_poll_after", !fixed}}},
          {"think",
           {{"enter", duration(kEnter)},
            {"reserve", duration(kReserve)},
            {"pay", duration(paying)},
            {"confirm", duration(kConfirm)}}},
          {"patience", duration(in[Q::kPatience])},
          {"seats_per_user", static_cast<int>(std::lround(in[Q::kTicketsPerBuyer]))},
          // Without the last digits of a difference of doubles: 0.1, not 0.09999999999999998.
          {"payment_failures", std::round((1 - in[Q::kConversion]) * 1e9) / 1e9},
          {"when_sold_out", in.at_sell_out == AtSellOut::kStop ? "keep_refreshing" : "leave"}};
}

std::string description_of(const Plan& plan, const ScenarioShape& shape) {
  const auto& in = plan.inputs;
  const double opens = shape.ramp_sec.value_or(in[Q::kArrivalTime] > 0 ? 0 : in[Q::kGatherTime]);
  return fmt::format(
      "Proves the plan of {} users, {} seats, {} let in: run it at once after starting tacos-gateway --admission-rate "
      "{} "
      "--admission-burst {} --seats {} --opening-delay {} --turn-ttl {} --heartbeat-ttl {} (or your own room set "
      "up alike), then: tacos-plan verify REPORT with the plan's own options.",
      count_text(in[Q::kUsers]), count_text(in[Q::kSeats]), rate_text(plan.admission.rate), plan.admission.rate,
      in[Q::kAdmissionBurst], in[Q::kSeats], duration(opens), duration(in[Q::kTurnTtl]),
      duration(in[Q::kHeartbeatTtl]));
}

json gates_of(const Plan& plan) {
  const auto& in = plan.inputs;
  return json::array({fmt::format("errors <= {:g}%", in[Q::kErrorPromise] * 100), "achieved >= 99%",
                      fmt::format("p99(status) < {:g}ms", in[Q::kStatusPromise] * 1000), "users.position_rises == 0",
                      fmt::format("users.confirmed <= {}", in[Q::kSeats])});
}

// Fails where the load generator would refuse what the plan asks of it, naming the quantity.
core::Result<void> check_that_it_can_run(const Plan& plan, const json& stages) {
  const auto& in = plan.inputs;
  if (in[Q::kUsers] > kMostUsers) {
    return core::fail(
        fmt::format("users: {} are more than one load generator plays, which is {}: prove a part of the "
                    "plan, with fewer users, seats and admissions in proportion",
                    count_text(in[Q::kUsers]), count_text(kMostUsers)));
  }
  const auto too_long = [](Q quantity, double most) {
    return fmt::format("{}: no load test takes more than {}; plan with less to write one", spec_of(quantity).name,
                       seconds_text(most));
  };
  if (in[Q::kCheckoutTime] > kLongestThink) return core::fail(too_long(Q::kCheckoutTime, kLongestThink));
  if (in[Q::kPatience] > kLongestStage) return core::fail(too_long(Q::kPatience, kLongestStage));
  for (const auto& stage : stages) {
    const auto duration = core::parse_duration(stage["duration"].get<std::string>());
    if (!duration) return duration.error();
    if (core::to_seconds(*duration) <= kLongestStage) continue;
    return core::fail(fmt::format("the stage '{}' takes {}, and no stage of a load test more than 24h: give --{}",
                                  stage["name"].get<std::string>(), stage["duration"].get<std::string>(),
                                  stage["name"] == "gather" ? "ramp" : "hold"));
  }
  return {};
}

}  // namespace

core::Result<std::string> proving_scenario(const Plan& plan, const ScenarioShape& shape) {
  const json stages = stages_of(plan, shape);
  if (auto can_run = check_that_it_can_run(plan, stages); !can_run) return can_run.error();
  const json scenario = {{"schema", "tacos.scenario/1"},
                         {"name", "plan"},
                         {"description", description_of(plan, shape)},
                         {"users", static_cast<std::uint64_t>(plan.inputs[Q::kUsers])},
                         {"load", {{"model", "requests"}, {"spacing", "even"}, {"stages", stages}}},
                         {"journey", journey_of(plan)},
                         {"timeout", "10s"},
                         {"gates", gates_of(plan)}};
  return scenario.dump(2) + "\n";
}

}  // namespace tacos::plan
