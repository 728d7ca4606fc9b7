#include "tacos-load/doctor/timing_probe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <fmt/format.h>

#include "tacos-load/transport/socket_watch.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;

// Of several rounds the quickest counts: in the others something else ran.
constexpr int kClockRounds = 20;
constexpr int kClockReads = 10'000;
constexpr int kSleeps = 2000;
constexpr Nanos kShortestSleep = std::chrono::microseconds(100);
constexpr Nanos kLongestSleep = std::chrono::milliseconds(1);
// 2,000 sleeps of 0.55 ms on average take 1.1 s, and longer only where timers are bad.
constexpr Nanos kTimerLimit = std::chrono::milliseconds(1800);
constexpr Nanos kWatchTime = std::chrono::seconds(1);
// Longer than any reading takes, a page fault or a cache miss included; shorter than a context switch and back.
constexpr Nanos kGap = std::chrono::microseconds(10);

timespec to_timespec(Instant at) {
  const auto ns = at.since_origin().count();
  return {.tv_sec = static_cast<time_t>(ns / 1'000'000'000), .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
}

core::Error no_timer(const char* call) {
  return core::fail(fmt::format("can't measure timers: {} failed ({})", call, std::strerror(errno)));
}

}  // namespace

ClockCost TimingProbe::clock_cost() const {
  ClockCost cost;
  cost.smallest_step = Nanos::max();
  Nanos quickest = Nanos::max();
  for (int round = 0; round < kClockRounds; ++round) {
    const Instant start = clock_.now();
    Instant before = start;
    for (int i = 0; i < kClockReads; ++i) {
      const Instant now = clock_.now();
      cost.steady &= now >= before;
      if (now > before) cost.smallest_step = std::min(cost.smallest_step, now - before);
      before = now;
    }
    quickest = std::min(quickest, before - start);
  }
  if (cost.smallest_step == Nanos::max()) cost.smallest_step = Nanos(0);
  cost.read_ns = static_cast<double>(quickest.count()) / kClockReads;
  return cost;
}

core::Result<measure::Histogram> TimingProbe::timer_lateness() const {
  const FileDescriptor poll(::epoll_create1(EPOLL_CLOEXEC));
  const FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (poll.get() < 0) return no_timer("epoll_create1");
  if (timer.get() < 0) return no_timer("timerfd_create");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // setting it anew makes it ready anew: it never has to be read
  if (::epoll_ctl(poll.get(), EPOLL_CTL_ADD, timer.get(), &event) != 0) return no_timer("epoll_ctl");

  measure::Histogram lateness;
  const Instant end = clock_.now() + kTimerLimit;
  for (int i = 0; i < kSleeps; ++i) {
    const Instant due = clock_.now() + kShortestSleep + (kLongestSleep - kShortestSleep) * i / kSleeps;
    if (due > end) break;
    const itimerspec when{.it_interval = {}, .it_value = to_timespec(due)};
    if (::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) return no_timer("timerfd_settime");
    const int ready = ::epoll_wait(poll.get(), &event, 1, 1000);
    const Instant woken = clock_.now();
    if (ready < 0 && errno != EINTR) return no_timer("epoll_wait");
    if (ready > 0) lateness.record(std::max(Nanos(0), woken - due));
  }
  return lateness;
}

StolenTime TimingProbe::stolen_time() const {
  StolenTime stolen;
  Nanos in_gaps{0};
  const Instant start = clock_.now();
  Instant before = start;
  while (before - start < kWatchTime) {
    const Instant now = clock_.now();
    const Nanos gap = now - before;
    if (gap > kGap) {
      in_gaps += gap;
      stolen.longest_gap = std::max(stolen.longest_gap, gap);
    }
    before = now;
  }
  stolen.share = static_cast<double>(in_gaps.count()) / static_cast<double>((before - start).count());
  return stolen;
}

}  // namespace tacos::load
