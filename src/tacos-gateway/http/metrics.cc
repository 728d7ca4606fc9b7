#include "tacos-gateway/http/metrics.h"

#include <algorithm>

namespace tacos::gateway {

void DurationHistogram::add(core::Nanos duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e9;
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  buckets_[static_cast<std::size_t>(bound - kBounds.begin())].add();
  sum_ns_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count())));
}

void ThreadMetrics::record(Route route, net::HttpMethod method, int status, core::Nanos duration) {
  const auto found = std::find(kStatuses.begin(), kStatuses.end(), status);
  const auto status_index = static_cast<std::size_t>(found - kStatuses.begin());
  requests_[static_cast<std::size_t>(route)][static_cast<std::size_t>(method)][status_index].add();
  durations_[static_cast<std::size_t>(route)].add(duration);
}

}  // namespace tacos::gateway
