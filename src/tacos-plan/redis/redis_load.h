#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tacos-plan/redis/key_layout.h"

namespace tacos::plan {

struct LoadParameters {
  PositionStrategy strategy = PositionStrategy::kIndex;
  std::uint64_t users = 300'000;  // in the line
  double joins_per_second = 0;
  double statuses_per_second = 0;
  double heartbeats_per_second = 0;
  double admissions_per_second = 0;
  double enters_per_admission = 1;
  // Of seats and payments that the gateway keeps on the line's Redis; 0 where another system has them.
  double reservations_per_admission = 0;
  double payments_per_reservation = 1;  // each begun, approved and confirmed
  double gateways = 1;
  double facts_interval_sec = 0.25;  // how often a gateway that answers by watermark asks for the two facts
  std::uint64_t buckets = 1;
};

// Where the keys of a piece of work lie: with the event's own, in the buckets of its tickets, each in a slot of its
// own.
enum class Place : std::uint8_t { kEvent, kBuckets, kAnySlot };

// What Redis does for one thing that a user or a gateway brings to it.
struct RedisWork {
  std::string name;
  Place place = Place::kEvent;
  double per_second = 0;
  double calls = 1;               // over the socket; less than 1 where many go in one
  double commands = 1;            // executed, those inside scripts and the script's own among them
  double cpu_us = 0;              // of the thread that executes commands, when calls come faster than they are taken
  double cpu_us_per_user = 0;     // of that, what grows with the number of users (KEYS)
  double bytes_beside_calls = 0;  // on the wire, each, where many go in one call
};

// The gateway's work on its Redis at these rates, script by script as src/tacos-gateway sends them:
//   join       join; in a spread event an arrival in the ticket's bucket too
//   status     by index one script; by watermark none; by KEYS the original's: nine requests, one of them KEYS
//   heartbeat  by watermark, up to a thousand in a call, as often as a gateway asks for the facts, of each bucket
//   ticks      a hundred a second, of the event's key and twice of each bucket, however many gateways there are
//   facts      of each gateway, where positions are by watermark
//   admission  its share of a tick, and the entry
//   purchase   with seats on the line's Redis: key claimed, grant claimed, seats held, key answered, grant burnt; then
//              payment begun, approved, sold, each between a key's claim and its answer
// CPU: medians of 3 rounds of tests/bench/script_costs.py (Redis 7.0.15 on a unix socket, 300,000 users, a 2-core AMD
// EPYC that also ran the client). Heartbeats, and what an index adds, are one sorted set's, and grow with log2(users).
std::vector<RedisWork> redis_work(const LoadParameters& parameters);

struct RedisLoad {
  double calls_per_second = 0;
  double commands_per_second = 0;
  double bytes_per_second = 0;
  double work = 0;  // CPU seconds per second of the executing thread when it never sleeps; it can't be more than 1
};

// Sum over all work. `call_bytes`: a call and its answer on the wire. Utilisation law U = Σ X · D (Denning and Buzen
// 1978).
RedisLoad redis_load(std::span<const RedisWork> all, double call_bytes);

// The share of its core that the executing thread is seen to use: `work`, and a wake-up for each group of calls that
// finds it asleep. By the queue whose busy periods begin with a set-up (Welch 1964), (work + s) / (1 + s) with s =
// calls / together × wake_up: near nothing is to be had by sleeping less once the thread is busy, and at work = 1 it
// never sleeps. Above 1 it is `work`. calls_per_second >= 0; together >= 1: calls that come at once; wake_up_sec >= 0.
double busy_share(double work, double calls_per_second, double together, double wake_up_sec);

}  // namespace tacos::plan
