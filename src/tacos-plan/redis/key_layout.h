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
  std::string event = "5a1e20261121cafe";  // 16 hex digits of the event's key
  std::uint64_t users = 300'000;           // in the line, each with a ticket from 1 to users
  double user_id_bytes = 16;  // the gateway's keyed hash of an id, whatever its length; a UUID as text has 36
  std::uint64_t buckets = 1;  // over which the line is spread; each has its own hash tag and so its own slot
  PositionStrategy strategy = PositionStrategy::kIndex;
  std::uint64_t admitted_alive = 30'000;  // admissions per second × seconds a grant lives; at most users count
};

// The waiting room's keys on Redis, as lua/ writes them (docs/decisions/0011-the-line-on-redis.md). Change the layout
// here and the plan follows; tests/integration/plan holds it against a server on which those very scripts have run.
//   tacos:{E}           hash    where the sale stands: state_fields()
//   tacos:{E}:users     hash    16 bytes of the user's key → ticket
//   tacos:{E}:line      zset    ticket, scored by ticket; only where positions come from the index
//   tacos:{E.b}         hash    where a bucket stands (docs/decisions/0013-a-hot-event-in-buckets.md)
//   tacos:{E.b}:t:<n>   string  1,024 tickets of 30 bytes: user's key, proof, time of joining
//   tacos:{E.b}:seen    zset    ticket, scored by the millisecond of the last heartbeat: those who wait
//   tacos:{E.b}:grants  hash    ticket → state and end of the grant, of those admitted and alive
//   tacos:{E.b}:due     zset    ticket, scored by that end
// With one bucket a bucketed key carries the tag {E}, and there is no hash of its own. The keys strategy has no layout
// here: see original_layout. Those who left or lapsed (a hash and a list of tickets) are not in it.
KeyLayout waiting_room_layout(const LayoutParameters& parameters);

// The fields of tacos:{E} with a value of usual length.
struct StateField {
  std::string name;
  std::string value;
};
const std::vector<StateField>& state_fields();

inline constexpr std::uint64_t kTicketsPerBlock = 1024;
inline constexpr std::uint64_t kTicketRecordBytes = 30;
inline constexpr std::uint64_t kGrantBytes = 8;  // "u:" and six digits of milliseconds since the event began

// What a string of so many tickets has room for: it grows one record at a time, and each time that it is full the
// server asks for twice what is needed and keeps what the allocator rounded up to (Redis 7.0 sds.c, sdsMakeRoomFor).
std::uint64_t record_capacity_bytes(std::uint64_t tickets);

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
