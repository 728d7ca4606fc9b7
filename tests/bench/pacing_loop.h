#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/clock.h"
#include "measure/histogram.h"

namespace tacos::bench {

using core::Instant;
using core::Nanos;

inline constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: pacing_loop\r\n\r\n";
inline constexpr int kMostPerTurn = 16;  // as the run loop of tacos-load
inline constexpr Nanos kDrain = std::chrono::seconds(2);

struct Options {
  std::string wait;
  Nanos coalesce{0}, spin{0};
  long rps = 30'000, connections = 10'000, seconds = 3, port = 18391;
};

[[noreturn]] inline void die(std::string_view what, int error) {
  fmt::print(stderr, "pacing_loop: {}: {} (errno {})\n", what, std::strerror(error), error);
  std::exit(1);
}

inline timespec to_timespec(Nanos t) {
  return {t.count() / 1'000'000'000, t.count() % 1'000'000'000};
}

inline double thread_cpu_us() {
  rusage use{};
  getrusage(RUSAGE_THREAD, &use);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(use.ru_utime) + us(use.ru_stime);
}

// Sends what is due, on the connection that rested longest, and waits for the next slot or an answer. Lets the slots
// that come due within `coalesce` of each other go together, by the rule of tacos-load's run loop.
class Loop {
 public:
  Loop(const Options& options, std::vector<int> sockets, long answer_bytes)
      : sockets_(std::move(sockets)), options_(options), answer_bytes_(answer_bytes), flights_(sockets_.size()) {
    const long slots = options.rps * options.seconds;
    for (long i = 0; i < slots; ++i) schedule_.emplace_back(i * 1'000'000'000 / options.rps);
    for (std::size_t id = 0; id < sockets_.size(); ++id) idle_.push_back(id);
    idle_count_ = idle_.size();
  }
  virtual ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() {
    start_ = clock_.now() + std::chrono::milliseconds(50);
    const Instant last = start_ + std::chrono::seconds(options_.seconds) + kDrain;
    Instant until = start_;
    const double cpu_before = thread_cpu_us();
    while (answered_ < schedule_.size()) {
      const Instant now = clock_.now();
      if (now >= last) break;
      if (now >= until) {
        send_due();
        const Instant next = sent_ < schedule_.size() ? start_ + schedule_[sent_] : last;
        until = std::max(next, now + options_.coalesce);
      }
      wait(now, until);
      ++waits_;
    }
    const double cpu = thread_cpu_us() - cpu_before;
    const auto us = [](const auto& of, double p) { return static_cast<double>(of.percentile(p).count()) / 1e3; };
    fmt::print(
        R"({{"wait": "{}", "coalesce_us": {}, "spin_us": {}, "scheduled": {}, "answered": {}, "cpu_us_per_request": {:.3f}, )"
        R"("waits_per_request": {:.3f}, "lag_mean_us": {:.1f}, "lag_p50_us": {:.1f}, "lag_p99_us": {:.1f}, )"
        R"("response_p50_us": {:.1f}, "response_p99_us": {:.1f}}})"
        "\n",
        options_.wait, options_.coalesce.count() / 1000, options_.spin.count() / 1000, schedule_.size(), answered_,
        cpu / static_cast<double>(answered_), static_cast<double>(waits_) / static_cast<double>(answered_),
        lag_.mean_ns() / 1e3, us(lag_, 50), us(lag_, 99), us(response_, 50), us(response_, 99));
  }

 protected:
  virtual void transmit(std::size_t id) = 0;
  // Until something arrives or the time has come, whichever is first; hands what arrived to on_bytes().
  virtual void wait(Instant now, Instant until) = 0;

  void on_bytes(std::size_t id, long bytes) {
    if (bytes <= 0) die("a connection ended", bytes == 0 ? ECONNRESET : static_cast<int>(-bytes));
    Flight& flight = flights_[id];
    flight.bytes += bytes;
    if (flight.bytes < answer_bytes_) return;
    response_.record(clock_.now() - flight.intended);
    ++answered_;
    idle_[(idle_head_ + idle_count_++) % idle_.size()] = id;
  }

  std::vector<int> sockets_;
  Options options_;
  long answer_bytes_;

 private:
  struct Flight {
    Instant intended;
    long bytes = 0;
  };

  void send_due() {
    for (int taken = 0; taken < kMostPerTurn && sent_ < schedule_.size() && idle_count_ > 0; ++taken) {
      const Instant intended = start_ + schedule_[sent_];
      const Instant now = clock_.now();
      if (intended > now) return;
      ++sent_;
      const std::size_t id = idle_[idle_head_];
      idle_head_ = (idle_head_ + 1) % idle_.size();
      --idle_count_;
      flights_[id] = {intended, 0};
      lag_.record(now - intended);
      transmit(id);
    }
  }

  core::SteadyClock clock_;
  Instant start_;
  std::vector<Nanos> schedule_;
  std::vector<Flight> flights_;  // by connection
  std::vector<std::size_t> idle_;
  std::size_t idle_head_ = 0, idle_count_ = 0, sent_ = 0, answered_ = 0, waits_ = 0;
  measure::Histogram lag_, response_;
};

}  // namespace tacos::bench
