#include "tacos-load/schedule/arrival_schedule.h"

#include <cmath>

#include "core/random.h"

namespace tacos::load {
namespace {

double exponential_gap(std::uint64_t seed, std::uint64_t n) {
  return -std::log1p(-core::Random::uniform_at(seed, n));
}

}  // namespace

ArrivalSchedule::Cursor::Cursor(const ArrivalSchedule& schedule, std::uint32_t worker, std::uint32_t workers)
    : schedule_(&schedule), workers_(workers) {
  if (schedule_->spacing_ == Spacing::kPoisson) {
    for (std::uint64_t n = 0; n <= worker; ++n) due_ += exponential_gap(schedule_->seed_, n);
  } else {
    due_ = worker;
  }
  index_ = worker;
  step();
}

void ArrivalSchedule::Cursor::pop() {
  if (!next_) return;
  if (schedule_->spacing_ == Spacing::kPoisson) {
    // The other workers' gaps are walked over too: a few nanoseconds each, and the schedule stays one and the same.
    for (std::uint64_t n = index_ + 1; n <= index_ + workers_; ++n) due_ += exponential_gap(schedule_->seed_, n);
    index_ += workers_;
  } else {
    index_ += workers_;
    due_ = static_cast<double>(index_);
  }
  step();
}

void ArrivalSchedule::Cursor::step() {
  if (due_ < schedule_->profile_.total_arrivals()) {
    next_ = schedule_->profile_.when(due_);
  } else {
    next_.reset();
  }
}

}  // namespace tacos::load
