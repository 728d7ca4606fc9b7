#include "tacos-plan/redis/server_memory.h"

#include <algorithm>
#include <cmath>

namespace tacos::plan {

double connections_bytes(std::uint64_t active, std::uint64_t idle) {
  return kActiveConnectionBytes * static_cast<double>(active) + kIdleConnectionBytes * static_cast<double>(idle);
}

double latency_histograms_bytes(std::uint64_t command_kinds) {
  return kLatencyHistogramBytes * static_cast<double>(command_kinds);
}

double replication_bytes(const Replication& replication) {
  if (replication.replicas == 0) return 0;
  return std::max(replication.backlog_bytes, replication.write_bytes_per_second * replication.slowest_lag_seconds);
}

double copy_on_write_bytes(const Snapshot& snapshot) {
  if (snapshot.dataset_bytes <= 0) return 0;
  const double pages = std::ceil(snapshot.dataset_bytes / snapshot.page_bytes);
  const double touches = snapshot.writes_per_second * snapshot.seconds * snapshot.pages_per_write;
  return std::min(snapshot.dataset_bytes, -std::expm1(-touches / pages) * pages * snapshot.page_bytes);
}

}  // namespace tacos::plan
