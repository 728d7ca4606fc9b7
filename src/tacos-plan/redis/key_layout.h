#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tacos-plan/redis/key_memory.h"
#include "tacos-plan/redis/redis_build.h"

namespace tacos::plan {

// How a user's place in the line is found: by listing every user's key, by rank in a sorted set, or by a watermark of
// the tickets served, which needs no index at all.
enum class PositionStrategy : std::uint8_t { kKeys, kIndex, kWatermark };

// Keys of one shape: `keys` of them, all holding the same.
struct KeyFamily {
  std::string pattern;
  std::uint64_t keys = 1;
  RedisKey key{};
};

struct KeyLayout {
  std::vector<KeyFamily> families;
};

struct LayoutParameters {
  std::string event = "sale-20261121";
  std::uint64_t users = 300'000;  // in the line, each with a ticket from 1 to users
  double user_id_bytes = 16;      // the gateway's keyed hash of an id, whatever its length; a UUID as text has 36
  std::uint64_t buckets = 1;      // over which the line is spread; each has its own hash tag and so its own slot
  PositionStrategy strategy = PositionStrategy::kIndex;
  std::uint64_t admitted_alive = 30'000;  // admissions per second × seconds a grant lives; at most users count
};

// The waiting room's keys on Redis, version 1. Change the layout here and the plan follows.
//   tacos:{E}           hash    where the sale stands: state_fields()
//   tacos:{E}:users     hash    user id → ticket
//   tacos:{E:b}:line    zset    ticket, scored by ticket; only where positions come from the index
//   tacos:{E:b}:seen    zset    ticket, scored by the unix second of the last heartbeat
//   tacos:{E}:departed  hash    block of 1,024 tickets → departures in it; every block, so the most there can be
//   tacos:{E:b}:grants  hash    ticket → grant id of 16 + ':' + expiry in ms, of those admitted and alive
// With one bucket a bucketed key carries the tag {E}. The keys strategy has no layout here: see original_layout.
KeyLayout waiting_room_layout(const LayoutParameters& parameters);

// The fields of tacos:{E} with a value of usual length.
struct StateField {
  std::string name;
  std::string value;
};
const std::vector<StateField>& state_fields();

inline constexpr std::uint64_t kTicketsPerDepartureBlock = 1024;
inline constexpr std::uint64_t kDepartureDigits = 3;
inline constexpr std::uint64_t kGrantIdBytes = 16;
inline constexpr std::uint64_t kMillisecondDigits = 13;

// The original's keys: an index of user ids, and for each user a hash of five short fields and a heartbeat with a TTL.
//   position:{E}                     zset    user id, scored by arrival
//   stream:event:{E}:user:<id>       hash    five fields of 6 bytes with values of 6 digits
//   heartbeat:event:{E}:user:<id>    string  unix second, with a TTL
// The index is left out with the keys strategy: it is what the original added when KEYS had failed.
// Names and shapes follow its description; its code may spell them otherwise.
KeyLayout original_layout(const LayoutParameters& parameters);

struct FamilyMemory {
  std::string pattern;
  std::uint64_t keys = 0;
  double memory_usage_bytes = 0;  // sum over the family's keys
  double used_memory_bytes = 0;
};

struct LayoutMemory {
  std::vector<FamilyMemory> families;
  double keyspace_bytes = 0;      // the tables all keys share
  double memory_usage_bytes = 0;  // sum of the families
  double used_memory_bytes = 0;   // sum of the families and the tables of the key space
};

// The layout alone in a database. `while_growing` takes the tables of every key at the size they have while a doubling
// is being carried out, for the peak; see RedisStructure::rehashing.
LayoutMemory layout_memory(const KeyLayout& layout, const RedisBuild& build, bool while_growing = false);

}  // namespace tacos::plan
