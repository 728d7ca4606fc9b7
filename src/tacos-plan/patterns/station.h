#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>

#include "tacos-plan/patterns/crowd.h"

namespace tacos::plan {

// Counts what a part is asked for, second by second. Thread rule: none.
class LoadMeter {
 public:
  LoadMeter(std::string part, double capacity_per_sec) : load_{std::move(part), 0, capacity_per_sec, -1, 0} {}

  void ask(double now_sec, double amount = 1) {
    const auto second = static_cast<std::int64_t>(now_sec);
    if (second != second_) {
      close();
      second_ = second;
    }
    in_second_ += amount;
  }
  void refuse() { ++load_.refused; }
  PartLoad load() {
    close();
    return load_;
  }
  std::uint64_t refused() const { return load_.refused; }

 private:
  void close() {
    load_.peak_per_sec = std::max(load_.peak_per_sec, in_second_);
    const bool over = in_second_ > load_.capacity_per_sec * (1 + 1e-9);
    if (over && load_.overloaded_at_sec < 0) load_.overloaded_at_sec = static_cast<double>(second_);
    in_second_ = 0;
  }

  PartLoad load_;
  std::int64_t second_ = 0;
  double in_second_ = 0;
};

// A service that takes its requests in order, so many a second, and refuses when too many wait. It doesn't know which
// of them have been given up: it works on those as well, which is what keeps it down once it is. Thread rule: none.
class Station {
 public:
  Station(std::string part, double per_sec, std::uint32_t most_waiting)
      : meter_(std::move(part), per_sec), per_tick_(per_sec * kPatternTickSec), most_waiting_(most_waiting) {}

  bool offer(const Attempt& attempt, double now_sec) {
    meter_.ask(now_sec);
    if (waiting_.size() >= most_waiting_) {
      meter_.refuse();
      return false;
    }
    waiting_.push_back(attempt);
    return true;
  }

  // Calls done(attempt, at_sec) for what one tick serves, spread evenly over it.
  template <class Done>
  void serve(double now_sec, Done done) {
    credit_ = std::min(credit_ + per_tick_, std::max(per_tick_, 1.0) + 1);
    const auto many = std::min(static_cast<std::size_t>(credit_), waiting_.size());
    for (std::size_t i = 0; i < many; ++i) {
      const Attempt attempt = waiting_.front();
      waiting_.pop_front();
      done(attempt, now_sec + kPatternTickSec * (static_cast<double>(i) + 0.5) / static_cast<double>(many));
    }
    credit_ -= static_cast<double>(many);
  }

  bool empty() const { return waiting_.empty(); }
  LoadMeter& meter() { return meter_; }

 private:
  LoadMeter meter_;
  std::deque<Attempt> waiting_;
  double per_tick_;
  double credit_ = 0;
  std::size_t most_waiting_;
};

// A token bucket, as managed services throttle: refused requests take nothing. Full at the start.
class Throttle {
 public:
  Throttle(std::string part, double per_sec, double burst)
      : meter_(std::move(part), per_sec), per_sec_(per_sec), burst_(std::max(burst, 1.0)), tokens_(burst_) {}

  void tick() { tokens_ = std::min(burst_, tokens_ + per_sec_ * kPatternTickSec); }
  bool take(double now_sec, double amount = 1) {
    meter_.ask(now_sec, amount);
    if (tokens_ < std::min(amount, burst_)) {
      meter_.refuse();
      return false;
    }
    tokens_ -= amount;
    return true;
  }
  LoadMeter& meter() { return meter_; }

 private:
  LoadMeter meter_;
  double per_sec_;
  double burst_;
  double tokens_;
};

}  // namespace tacos::plan
