#pragma once

#include <algorithm>

namespace tacos::plan {

// A server seen as a pipe: work comes in, drains at `capacity` per second, and what comes now waits for what lies
// before it, delay = backlog ÷ capacity. A D/D/1 fluid model stepped in ticks: right for the waits that overload makes,
// which are seconds; blind to the milliseconds that chance makes below saturation (for those see M/M/c).
//
// What comes within a tick is taken as spread over it, so a flow below capacity waits for nothing. Thread rule: none.
class FluidServer {
 public:
  // Ends the tick before and begins one of `tick_sec` at the capacity given. Work is counted in the capacity's unit.
  void begin_tick(double tick_sec, double capacity_per_sec) {
    close_tick();
    per_sec_ = capacity_per_sec;
    in_tick_ = capacity_per_sec * tick_sec;
    backlog_ -= in_tick_;
  }

  // How long something that came now would wait.
  double delay_sec() const {
    if (backlog_ <= 0) return 0;
    return per_sec_ > 0 ? backlog_ / per_sec_ : kForever;
  }
  void add(double work) { backlog_ += work; }

  double backlog() const { return std::max(0.0, backlog_); }

  // Work done and work that could have been done since the last call: their quotient is the utilisation.
  struct Use {
    double done = 0;
    double possible = 0;
    double share() const { return possible > 0 ? done / possible : done > 0 ? 1 : 0; }
  };
  Use take_use() {
    close_tick();
    const Use use = use_;
    use_ = Use{};
    return use;
  }

  static constexpr double kForever = 1e9;

 private:
  void close_tick() {
    use_.done += backlog_ < 0 ? in_tick_ + backlog_ : in_tick_;
    use_.possible += in_tick_;
    in_tick_ = 0;
    backlog_ = std::max(0.0, backlog_);
  }

  double backlog_ = 0;  // below zero: what the tick could still do
  double per_sec_ = 0;
  double in_tick_ = 0;
  Use use_;
};

}  // namespace tacos::plan
