#include "measure/run_record.h"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace tacos::measure {
namespace {

using core::Nanos;

PackedHistogram merged(const PackedHistogram& a, const PackedHistogram& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  Histogram sum;
  a.unpack_into(sum);
  b.unpack_into(sum);
  return PackedHistogram(sum);
}

void add(const OutcomeCounts& from, OutcomeCounts& to) {
  for (std::size_t i = 0; i < kOutcomeCount; ++i) to[i] += from[i];
}

}  // namespace

std::uint64_t total(const OutcomeCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t errors(const OutcomeCounts& counts) {
  return total(counts) - counts[static_cast<std::size_t>(Outcome::kOk)] -
         counts[static_cast<std::size_t>(Outcome::kInterrupted)];
}

Histogram WindowSummary::response() const {
  Histogram all;
  for (const auto& step : steps) all.merge(step.response);
  return all;
}

Histogram WindowSummary::service() const {
  Histogram all;
  for (const auto& step : steps) all.merge(step.service);
  return all;
}

void RunRecord::Interval::merge(const Interval& other) {
  offered += other.offered;
  sent += other.sent;
  completed += other.completed;
  planned += other.planned;
  for (std::size_t s = 0; s < kUserStateCount; ++s) users[s] += other.users[s];
  add(other.outcomes, outcomes);
  if (steps.size() < other.steps.size()) steps.resize(other.steps.size());
  for (std::size_t s = 0; s < other.steps.size(); ++s) {
    add(other.steps[s].outcomes, steps[s].outcomes);
    steps[s].response = merged(steps[s].response, other.steps[s].response);
    steps[s].service = merged(steps[s].service, other.steps[s].service);
  }
  send_lag = merged(send_lag, other.send_lag);
  dispatch_lag = merged(dispatch_lag, other.dispatch_lag);
  connection_wait = merged(connection_wait, other.connection_wait);
  time_to_admission = merged(time_to_admission, other.time_to_admission);
  time_to_sold_out = merged(time_to_sold_out, other.time_to_sold_out);
  position = merged(position, other.position);
}

void RunRecord::merge(const RunRecord& other) {
  assert(steps_ == other.steps_ && interval_ == other.interval_);
  if (schedule_end_ == Nanos::max() || (other.schedule_end_ != Nanos::max() && other.schedule_end_ > schedule_end_)) {
    schedule_end_ = other.schedule_end_;
  }
  if (intervals_.size() < other.intervals_.size()) intervals_.resize(other.intervals_.size());
  for (std::size_t i = 0; i < other.intervals_.size(); ++i) intervals_[i].merge(other.intervals_[i]);
  for (const auto& [code, n] : other.status_codes_) status_codes_[code] += n;
}

Nanos RunRecord::schedule_end() const {
  return std::min(schedule_end_, interval_ * static_cast<std::int64_t>(intervals_.size()));
}

WindowSummary RunRecord::window(Nanos from, Nanos to) const {
  WindowSummary summary;
  summary.from = from;
  summary.to = std::min(to, interval_ * static_cast<std::int64_t>(intervals_.size()));
  summary.steps.resize(steps_.size());
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    const Nanos at = interval_ * static_cast<std::int64_t>(i);
    if (at < from || at >= to) continue;
    const Interval& interval = intervals_[i];
    summary.covered += std::max(Nanos(0), std::min(at + interval_, schedule_end()) - at);
    summary.planned += interval.planned;
    summary.offered += interval.offered;
    summary.sent += interval.sent;
    summary.completed += interval.completed;
    add(interval.outcomes, summary.outcomes);
    for (std::size_t s = 0; s < interval.steps.size(); ++s) {
      add(interval.steps[s].outcomes, summary.steps[s].outcomes);
      interval.steps[s].response.unpack_into(summary.steps[s].response);
      interval.steps[s].service.unpack_into(summary.steps[s].service);
    }
    interval.send_lag.unpack_into(summary.send_lag);
    interval.dispatch_lag.unpack_into(summary.dispatch_lag);
    interval.connection_wait.unpack_into(summary.connection_wait);
    interval.time_to_admission.unpack_into(summary.time_to_admission);
    interval.time_to_sold_out.unpack_into(summary.time_to_sold_out);
    interval.position.unpack_into(summary.position);
  }
  return summary;
}

}  // namespace tacos::measure
