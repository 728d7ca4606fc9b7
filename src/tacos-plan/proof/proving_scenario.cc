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

constexpr std::uint64_t kFirstPart = 30;                      // of the peak, where the climb begins: 1,000 of 30,000
constexpr double kShortestHold = 10;                          // seconds
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
          {"payment_failures", 1 - in[Q::kConversion]},
          {"when_sold_out", in.at_sell_out == AtSellOut::kStop ? "keep_refreshing" : "leave"}};
}

std::string description_of(const Plan& plan, const ScenarioShape& shape) {
  const auto& in = plan.inputs;
  const double opens = shape.ramp_sec.value_or(in[Q::kArrivalTime] > 0 ? 0 : in[Q::kGatherTime]);
  return fmt::format(
      "Proves the plan of {} users, {} seats, {} let in: run it against tacos-gateway --admission-rate {:g} "
      "--admission-burst {:g} --seats {:g} --opening-delay {} --turn-ttl {} --heartbeat-ttl {} (or your own room set "
      "up "
      "alike), then: tacos-plan verify REPORT with the plan's own options.",
      count_text(in[Q::kUsers]), count_text(in[Q::kSeats]), rate_text(plan.admission.rate), plan.admission.rate,
      in[Q::kAdmissionBurst], in[Q::kSeats], duration(opens), duration(in[Q::kTurnTtl]),
      duration(in[Q::kHeartbeatTtl]));
}

json gates_of(const Plan& plan) {
  const auto& in = plan.inputs;
  return json::array({fmt::format("errors < {:g}%", in[Q::kErrorPromise] * 100), "achieved >= 99%",
                      fmt::format("p99(status) < {:g}ms", in[Q::kStatusPromise] * 1000), "users.position_rises == 0",
                      fmt::format("users.confirmed <= {:g}", std::floor(in[Q::kSeats]))});
}

}  // namespace

std::string proving_scenario(const Plan& plan, const ScenarioShape& shape) {
  const json scenario = {{"schema", "tacos.scenario/1"},
                         {"name", "plan"},
                         {"description", description_of(plan, shape)},
                         {"users", static_cast<std::uint64_t>(plan.inputs[Q::kUsers])},
                         {"load", {{"model", "requests"}, {"spacing", "even"}, {"stages", stages_of(plan, shape)}}},
                         {"journey", journey_of(plan)},
                         {"timeout", "10s"},
                         {"gates", gates_of(plan)}};
  return scenario.dump(2) + "\n";
}

}  // namespace tacos::plan
