#pragma once

#include <cstdint>

namespace tacos::plan {

// What a Redis server needs beside its keys.

// Bytes for client connections: 38 KB for each that just connected or sent a lot, 2.3 KB for each that has been idle
// for some seconds, once the server has shrunk its query and reply buffers (Redis 7.0 server.c,
// clientsCronResizeQueryBuffer and clientsCronResizeOutputBuffer). Measured on Redis 7.0 without TLS; replies waiting
// for a slow reader come on top.
inline constexpr double kActiveConnectionBytes = 38'000;
inline constexpr double kIdleConnectionBytes = 2'300;
double connections_bytes(std::uint64_t active, std::uint64_t idle);

// Bytes for the histogram of latencies that the server keeps for each kind of command from its first use on, with
// latency-tracking, which is on by default from Redis 7.0 (server.c, updateCommandLatencyHistogram). Measured: 124 KB
// for six kinds on Redis 7.0.15. It matters beside small data only.
inline constexpr double kLatencyHistogramBytes = 20'700;
double latency_histograms_bytes(std::uint64_t command_kinds);

// Bytes for replication: from Redis 7.0 the backlog and the replicas' output buffers share one list of blocks, so it is
// as long as the greater of the backlog (repl-backlog-size, 1 MiB by default) and what the slowest replica has still to
// read: write rate [B/s] × its lag [s]. Nothing without replicas.
// Source: Redis 7.0 replication.c, "shared replication buffer"; redis.conf.
struct Replication {
  std::uint64_t replicas = 1;
  double backlog_bytes = 1024.0 * 1024.0;
  double write_bytes_per_second = 0;
  double slowest_lag_seconds = 0;
};
double replication_bytes(const Replication& replication);

// Bytes copied while a child writes a snapshot, beside what the server itself uses: of P pages of the data set, W
// writes that each touch t pages anywhere leave P · (1 - (1 - 1/P)^(W t)) ≈ P · (1 - e^(-W t / P)) changed. At most the
// data set again. Writes that favour some pages copy fewer, huge pages (2 MiB) many more: Redis asks for those to be
// off. Source: expected number of occupied cells (Feller, An Introduction to Probability Theory, vol. 1, ch. IV);
// fork's copy on write is described in Redis's persistence documentation.
struct Snapshot {
  double dataset_bytes = 0;
  double writes_per_second = 0;
  double seconds = 0;
  double pages_per_write = 4;  // an entry, its string, a slot of the table, a neighbour in the skiplist
  double page_bytes = 4096;
};
double copy_on_write_bytes(const Snapshot& snapshot);

}  // namespace tacos::plan
