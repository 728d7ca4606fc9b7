#include "measure/recorder.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tacos::measure {
namespace {

bool was_answered(Outcome outcome) {
  return outcome == Outcome::kOk || outcome == Outcome::kHttpError || outcome == Outcome::kProtocolError;
}

bool was_sent(const Sample& sample) {
  return sample.sent < sample.done && sample.outcome != Outcome::kShed && sample.outcome != Outcome::kUnfilled;
}

}  // namespace

Recorder::Recorder(RecorderOptions options)
    : interval_(options.interval), record_(std::move(options.steps), options.interval) {
  open_.reserve(1024);
  record_.intervals().reserve(1024);
}

Recorder::OpenInterval& Recorder::open_at(std::size_t index) {
  if (index >= open_.size()) open_.resize(index + 1);
  if (index >= record_.intervals().size()) record_.intervals().resize(index + 1);
  auto& slot = open_[index];
  if (!slot) {
    first_open_ = std::min(first_open_, index);
    if (pool_.empty()) {
      slot = std::make_unique<OpenInterval>();
      slot->steps.resize(record_.steps().size());
    } else {
      slot = std::move(pool_.back());
      pool_.pop_back();
    }
  }
  return *slot;
}

void Recorder::scheduled(core::Nanos intended) {
  ++open_at(index_of(intended)).offered;
}

void Recorder::record(const Sample& sample) {
  OpenInterval& interval = open_at(index_of(sample.intended));
  OpenStep& step = interval.steps[sample.step];
  const auto outcome = static_cast<std::size_t>(sample.outcome);
  ++interval.ended;
  ++interval.outcomes[outcome];
  ++step.outcomes[outcome];
  if (sample.status > 0 && sample.status < kStatusCodes) ++status_codes_[sample.status];
  interval.dispatch_lag.record(sample.taken - sample.intended);
  if (was_answered(sample.outcome)) {
    ++interval.completed;
    step.response.record(sample.done - sample.intended);
    step.service.record(sample.done - sample.sent);
  } else if (sample.outcome == Outcome::kTimeout) {
    step.response.record(sample.done - sample.intended);
  }
  if (sample.position > 0) interval.position.record(core::Nanos(sample.position));
  if (sample.time_to_admission.count() >= 0) interval.time_to_admission.record(sample.time_to_admission);
  if (sample.time_to_sold_out.count() >= 0) interval.time_to_sold_out.record(sample.time_to_sold_out);
  if (was_sent(sample)) {
    ++interval.sent;
    interval.send_lag.record(sample.sent - sample.intended);
    interval.connection_wait.record(sample.sent - sample.taken);
  }
}

void Recorder::users(core::Nanos at, const UserStates& users) {
  const std::size_t index = index_of(at);
  if (index >= record_.intervals().size()) record_.intervals().resize(index + 1);
  record_.intervals()[index].users = users;
}

void Recorder::close_intervals(core::Nanos now) {
  for (std::size_t index = first_open_; index < open_.size() && interval_ * static_cast<std::int64_t>(index + 1) <= now;
       ++index) {
    if (open_[index] && open_[index]->ended < open_[index]->offered) continue;
    pack(index);
    if (index == first_open_) ++first_open_;
  }
}

RunRecord::Interval Recorder::packed(const OpenInterval& from) {
  RunRecord::Interval to;
  to.offered = from.offered;
  to.sent = from.sent;
  to.completed = from.completed;
  to.outcomes = from.outcomes;
  for (const OpenStep& step : from.steps) {
    to.steps.push_back({step.outcomes, PackedHistogram(step.response), PackedHistogram(step.service)});
  }
  to.send_lag = PackedHistogram(from.send_lag);
  to.dispatch_lag = PackedHistogram(from.dispatch_lag);
  to.connection_wait = PackedHistogram(from.connection_wait);
  to.time_to_admission = PackedHistogram(from.time_to_admission);
  to.time_to_sold_out = PackedHistogram(from.time_to_sold_out);
  to.position = PackedHistogram(from.position);
  return to;
}

// Empties the counters and keeps their pages.
void Recorder::OpenInterval::reset() {
  offered = sent = completed = ended = 0;
  outcomes = {};
  for (OpenStep& step : steps) {
    step.outcomes = {};
    step.response.reset();
    step.service.reset();
  }
  for (Histogram* histogram :
       {&send_lag, &dispatch_lag, &connection_wait, &time_to_admission, &time_to_sold_out, &position}) {
    histogram->reset();
  }
}

void Recorder::pack(std::size_t index) {
  if (!open_[index]) return;
  RunRecord::Interval to = packed(*open_[index]);
  open_[index]->reset();
  // Usually the first and only time; an interval that was opened again (a step became due in the past) adds to itself.
  RunRecord::Interval& kept = record_.intervals()[index];
  if (kept.offered == 0) {
    to.users = kept.users;
    kept = std::move(to);
  } else {
    kept.merge(to);
  }
  pool_.push_back(std::move(open_[index]));
}

std::vector<RunRecord::Interval> Recorder::settled_from(std::size_t first) const {
  const auto& all = record_.intervals();
  const auto at = [&](std::size_t index) {
    return all.begin() + static_cast<std::ptrdiff_t>(std::min(index, all.size()));
  };
  return {at(first), at(std::max(first, first_open_))};
}

RunRecord Recorder::finish() {
  for (std::size_t index = 0; index < open_.size(); ++index) {
    assert(!open_[index] || open_[index]->ended == open_[index]->offered);
    pack(index);
  }
  for (std::size_t code = 0; code < kStatusCodes; ++code) {
    if (status_codes_[code] > 0) record_.status_codes()[static_cast<int>(code)] = status_codes_[code];
  }
  return std::move(record_);
}

}  // namespace tacos::measure
