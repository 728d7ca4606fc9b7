#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tacos-plan/redis/key_layout.h"

namespace tacos::plan {

// Microseconds of CPU of the one thread that executes commands. Each can be overridden: measure your own server with
// tests/bench/redis_costs.py. Defaults were measured with that script on a 2-core AMD EPYC that also ran the client,
// Redis 7.0.15 on a unix socket, 300,000 users: medians of 3 rounds. TCP costs more per request, TLS more still.
struct CommandCosts {
  // Reading, parsing and answering one request, beside executing it: user and system time of PING, when a wake-up of
  // the server finds one request on each ready connection, and when 32 requests come at once.
  double request_alone = 4.0;
  double request_in_batch = 0.27;

  // Execution alone, as INFO commandstats shows it.
  double hget = 1.0;
  double hset = 1.1;
  double hmget_state = 0.42;  // four fields of a hash of eight
  double hincrby = 0.24;
  double zrank = 2.6;        // an earlier measurement, members of 36 bytes; 1.7 with members of 12
  double zadd_update = 3.5;  // moved to the end of the set, as a heartbeat is
  double zadd_new = 1.6;     // an earlier measurement; 2.1 at a random place
  // Not measured: taken as a new member's.
  double zrem = 1.6;

  // EVALSHA of an empty script beside PING; and each redis.call beside the command it calls, fitted to the join script.
  double script = 0.75;
  double script_call = 0.1;

  // KEYS with a pattern that every key matches, by key, with its answer: 0.5 from 100,000 keys on, 0.2 at 1,000, where
  // the processor's caches hold them.
  double keys_per_key = 0.5;

  // The size of the sorted set that the sorted sets' costs were measured on: they grow with its logarithm.
  double measured_at_users = 300'000;
};

enum class Command : std::uint8_t {
  kHget,
  kHset,
  kHmgetState,
  kHincrby,
  kZrank,
  kZaddUpdate,
  kZaddNew,
  kZrem,
  kKeys,
};

struct LoadParameters {
  PositionStrategy strategy = PositionStrategy::kIndex;
  std::uint64_t users = 300'000;  // in the line
  double joins_per_second = 0;
  double statuses_per_second = 0;    // each says "still here" too
  double heartbeats_per_second = 0;  // that come by themselves
  double admissions_per_second = 0;
  // How many requests the server finds waiting on a connection: 1 without pipelining.
  double requests_together = 1;
};

// What Redis does for one thing that the gateway asks.
struct RedisOperation {
  struct Step {
    Command command;
    double times = 1;
  };

  std::string name;
  double per_second = 0;
  bool script = true;  // one request for all steps; otherwise one for each
  std::vector<Step> steps;
};

// The waiting room's work by strategy, as data, as it was first laid out (docs/decisions/0009-key-layout-on-redis.md).
// The gateway's scripts in lua/ read and keep more: their join was measured at 17 µs and their status at 12 µs of a
// shared machine's CPU, where this gives about half. With the keys strategy the status is the original's: nine
// requests, one of them KEYS, and no script.
//   join       HGET users, HINCRBY next, HSET users, ZADD seen, and ZADD line where there is an index
//   status     HMGET state, ZADD seen, and ZRANK where there is an index
//   heartbeat  ZADD seen
//   admission  HMGET state, HSET grants, HINCRBY served and departed, ZREM seen, and ZREM line where there is an index
std::vector<RedisOperation> redis_operations(const LoadParameters& parameters);

struct OperationLoad {
  std::string name;
  double per_second = 0;
  double cpu_us_each = 0;
  double cpu_share = 0;  // CPU seconds per second
};

struct RedisLoad {
  std::vector<OperationLoad> operations;
  double requests_per_second = 0;  // over the socket
  double commands_per_second = 0;  // executed, those inside scripts too; a script itself is not one
  double cpu_share = 0;            // CPU seconds per second of the executing thread; it can't be more than 1
};

// CPU of the executing thread: Σ over operations of rate × (requests × r + Σ over commands of their cost), where
//   r = in_batch + (alone - in_batch) / requests_together,
// a script adds its own cost and one per call, sorted sets cost c · log2(users) / log2(measured_at_users) and KEYS
// costs users × keys_per_key. Valid while the share is below 1; snapshots, expiry and the server's own chores come on
// top. Source: redis.io documentation, "one thread executes commands"; utilisation law U = X · D (Denning and Buzen
// 1978).
RedisLoad redis_load(const LoadParameters& parameters, const CommandCosts& costs = {});

// CPU microseconds of one operation.
double operation_cpu_us(const RedisOperation& operation, const LoadParameters& parameters, const CommandCosts& costs);

}  // namespace tacos::plan
