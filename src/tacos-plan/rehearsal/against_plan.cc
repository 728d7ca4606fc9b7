#include "tacos-plan/rehearsal/against_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double or_none(double value) {
  return value < 0 ? kNone : value;
}

double mean_of(const WaitSummary& a, const WaitSummary& b) {
  const double count = static_cast<double>(a.count + b.count);
  if (count == 0) return kNone;
  return (a.mean_sec * static_cast<double>(a.count) + b.mean_sec * static_cast<double>(b.count)) / count;
}

class Rows {
 public:
  void add(const char* name, const char* what, const char* unit, double planned, double simulated, const char* why) {
    rows_.push_back({name, what, unit, planned, simulated, why});
  }
  std::vector<AgainstPlan> take() { return std::move(rows_); }

 private:
  std::vector<AgainstPlan> rows_;
};

void add_waits(const Rehearsal& rehearsal, Rows& rows) {
  const Plan& plan = rehearsal.plan;
  const SaleSummary& s = rehearsal.result.summary;
  const bool told = plan.inputs.at_sell_out == AtSellOut::kStop && plan.selling.in_vain > 0;
  if (!told) {
    rows.add("longest_wait_sec", "longest wait to be called in", "s", plan.admission.longest_wait,
             s.wait_to_admission.max_sec, "people who lose patience, turns that come back");
    rows.add("mean_wait_sec", "mean wait to be called in", "s", plan.admission.mean_wait, s.wait_to_admission.mean_sec,
             "people who lose patience, turns that come back");
    return;
  }
  if (plan.inputs[Q::kArrivalTime] <= 0) {
    rows.add("told_sec", "until the last in line knows", "s", plan.selling.told_sec,
             s.wait_to_sold_out.count > 0 ? s.wait_to_sold_out.max_sec : kNone,
             "the slowest buyer of this sale; the formula has the mean of the slowest");
  }
  rows.add("answer_mean_wait_sec", "mean wait to an answer", "s", plan.selling.answer_mean_wait,
           mean_of(s.wait_to_turn, s.wait_to_sold_out), "most of the line waits for the slowest buyer of this sale");
}

}  // namespace

double AgainstPlan::ratio() const {
  return planned > 0 ? simulated / planned : kNone;
}

std::vector<AgainstPlan> against_plan(const Rehearsal& rehearsal) {
  const Plan& plan = rehearsal.plan;
  const SaleSummary& s = rehearsal.result.summary;
  Rows rows;
  if (plan.selling.sells_out) {
    rows.add("sellout_sec", "last buyer called in", "s", plan.selling.sellout_sec, or_none(s.last_buyer_called_sec),
             "seats that are held, given up, and sold again");
    rows.add("last_paid_sec", "last seat paid", "s", plan.selling.last_paid_sec, or_none(s.sold_out_sec),
             "the slowest buyer of this sale; the formula has the mean of the slowest");
  }
  add_waits(rehearsal, rows);
  rows.add("longest_queue", "most people in line", "users", plan.selling.peak_line, static_cast<double>(s.peak_waiting),
           "admission that waits for seats to come back; people who lose patience");
  rows.add("status_rps", "status requests at the peak", "1/s", plan.polling.status_rps, s.peak_status_per_sec,
           "this is the busiest second; the formula is a mean");
  rows.add("polls", "status requests, all", "count", plan.polling.polls_per_event, static_cast<double>(s.polls),
           "how long the line waits for its answer; each user's last poll, which brings it");
  const ComponentLoad& redis = s.loads[static_cast<std::size_t>(Component::kRedis)];
  rows.add("redis_utilisation", "Redis, its busiest second", "share", plan.redis.hot_slot.selling_cores,
           redis.peak_utilisation, "1 is all there is; what is beyond it is shed or waits");
  const ComponentLoad& gateway = s.loads[static_cast<std::size_t>(Component::kGateway)];
  const double capacity = static_cast<double>(plan.gateway.pods) * rehearsal.sale.gateway.requests_per_sec_per_pod;
  rows.add("gateway_utilisation", "gateway, its busiest second", "share", plan.gateway.requests_per_sec / capacity,
           gateway.peak_utilisation, "the pods that are ready, which may be fewer than planned");
  return rows.take();
}

}  // namespace tacos::plan
