#include "tacos-load/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::load {
namespace {

constexpr int kPipeEverySeconds = 5;

std::uint64_t sum(const std::vector<std::unique_ptr<LiveCounts>>& live,
                  std::atomic<std::uint64_t> LiveCounts::*member) {
  std::uint64_t total = 0;
  for (const auto& one : live) total += ((*one).*member).load(std::memory_order_relaxed);
  return total;
}

std::uint64_t active_users(const std::vector<std::unique_ptr<LiveCounts>>& live) {
  std::uint64_t total = 0;
  for (const auto& one : live) {
    for (std::size_t s = 0; s + 1 < one->users.size(); ++s) total += one->users[s].load(std::memory_order_relaxed);
  }
  return total;
}

std::uint64_t error_count(const std::vector<std::unique_ptr<LiveCounts>>& live) {
  std::uint64_t total = 0;
  for (const auto& one : live) {
    for (std::size_t o = 1; o < one->outcomes.size(); ++o) total += one->outcomes[o].load(std::memory_order_relaxed);
  }
  return total;
}

core::Nanos worst(const std::vector<std::unique_ptr<LiveCounts>>& live,
                  std::atomic<std::uint64_t> LiveCounts::*member) {
  std::uint64_t most = 0;
  for (const auto& one : live) most = std::max(most, ((*one).*member).load(std::memory_order_relaxed));
  return core::Nanos(static_cast<std::int64_t>(most));
}

}  // namespace

void Progress::show(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live) {
  const std::uint64_t sent = sum(live, &LiveCounts::sent);
  const std::uint64_t rate = sent - std::min(sent, sent_before_);
  sent_before_ = sent;
  const auto second = static_cast<int>(core::to_seconds(now));
  if (quiet_ || (!terminal_ && second % kPipeEverySeconds != 0)) return;
  const double planned = profile_.arrivals_by(now) - profile_.arrivals_by(now - std::chrono::seconds(1));
  const std::string line = fmt::format(
      "{:>4d}s/{:.0f}s  {:>7}/s of {:>7}  p50 {:>8}  p99 {:>8}  users {:>8}  errors {}  lag p99 {}", second,
      core::to_seconds(profile_.duration()), core::format_count(rate),
      core::format_count(static_cast<std::uint64_t>(planned)),
      core::format_latency(worst(live, &LiveCounts::response_p50_ns)),
      core::format_latency(worst(live, &LiveCounts::response_p99_ns)), core::format_count(active_users(live)),
      core::format_count(error_count(live)), core::format_latency(worst(live, &LiveCounts::dispatch_lag_p99_ns)));
  if (terminal_) {
    fmt::print(stderr, "\r\x1b[K{}", line);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
  std::fflush(stderr);
}

void Progress::finish() const {
  if (terminal_ && !quiet_) fmt::print(stderr, "\n");
}

}  // namespace tacos::load
