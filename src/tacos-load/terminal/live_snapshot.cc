#include "tacos-load/terminal/live_snapshot.h"

#include <algorithm>
#include <numeric>

#include "core/units.h"

namespace tacos::load {
namespace {

std::uint64_t now_at(const std::atomic<std::uint64_t>& count) {
  return count.load(std::memory_order_relaxed);
}

core::Nanos longer(core::Nanos a, const std::atomic<std::uint64_t>& nanos) {
  return std::max(a, core::Nanos(static_cast<std::int64_t>(now_at(nanos))));
}

double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  return static_cast<double>(now - std::min(now, before)) / seconds;
}

}  // namespace

std::uint64_t LiveSnapshot::ended() const {
  return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0});
}

std::uint64_t LiveSnapshot::errors() const {
  return ended() - outcomes[static_cast<std::size_t>(measure::Outcome::kOk)];
}

LiveSnapshot LiveSampler::take(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live) {
  LiveSnapshot s;
  s.at = now;
  const double seconds = std::max(1e-3, core::to_seconds(now - before_.at));
  cpu_ns_before_.resize(live.size(), 0);
  for (std::size_t w = 0; w < live.size(); ++w) {
    const LiveCounts& worker = *live[w];
    s.scheduled += now_at(worker.scheduled);
    s.sent += now_at(worker.sent);
    s.answered += now_at(worker.answered);
    for (std::size_t o = 0; o < s.outcomes.size(); ++o) s.outcomes[o] += now_at(worker.outcomes[o]);
    for (std::size_t u = 0; u < s.users.size(); ++u) s.users[u] += now_at(worker.users[u]);
    s.backlog += now_at(worker.backlog);
    s.response_p50 = longer(s.response_p50, worker.response_p50_ns);
    s.response_p99 = longer(s.response_p99, worker.response_p99_ns);
    s.dispatch_lag_p99 = longer(s.dispatch_lag_p99, worker.dispatch_lag_p99_ns);
    const std::uint64_t cpu_ns = now_at(worker.cpu_ns);
    s.busiest_worker_cpu_share =
        std::max(s.busiest_worker_cpu_share, per_second(cpu_ns_before_[w], cpu_ns, seconds) / 1e9);
    cpu_ns_before_[w] = cpu_ns;
  }
  s.scheduled_per_second = per_second(before_.scheduled, s.scheduled, seconds);
  s.sent_per_second = per_second(before_.sent, s.sent, seconds);
  for (std::size_t o = 0; o < s.outcomes.size(); ++o) {
    s.outcomes_per_second[o] = per_second(before_.outcomes[o], s.outcomes[o], seconds);
  }
  before_ = s;
  return s;
}

}  // namespace tacos::load
