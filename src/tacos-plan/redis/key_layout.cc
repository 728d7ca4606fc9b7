#include "tacos-plan/redis/key_layout.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace tacos::plan {
namespace {

using Kind = RedisStructure::Kind;

// Up to the year 2038 a second fits the 4 bytes that a listpack has for nine digits; with ten it would not always.
constexpr Text kUnixSecond = {.bytes = 9, .decimal = true};
// Of the event's fields, those that each bucket keeps too.
constexpr std::uint64_t kBucketFields = 24;
// Milliseconds since the event began.
constexpr Text kSinceBeginning = {.bytes = 5, .decimal = true};

// The family of a key whose tag names the event, or the bucket of it, and that holds its share of the entries.
KeyFamily family(const LayoutParameters& parameters, bool bucketed, const std::string& suffix, RedisStructure holds) {
  const bool split = bucketed && parameters.buckets > 1;
  KeyFamily made;
  made.keys = split ? parameters.buckets : 1;
  made.pattern = "tacos:{" + parameters.event + (split ? ".<bucket>" : "") + "}" + suffix;
  // A key without a mean share of the entries does not stand out.
  const double bucket_bytes = split ? 3 : 0;  // ".0b"
  made.key.name_bytes = static_cast<double>(8 + parameters.event.size() + suffix.size()) + bucket_bytes;
  holds.entries = (holds.entries + made.keys - 1) / made.keys;
  made.key.holds = holds;
  if (holds.entries == 0) made.keys = 0;
  return made;
}

// As one text of plain letters that takes as much of a listpack as they do on average, numbers among them.
Text mean_text(const std::vector<StateField>& fields, std::string StateField::*part) {
  constexpr double kCodeAndWayBack = 2;
  double bytes = 0;
  for (const StateField& field : fields) {
    const std::string& text = field.*part;
    const bool decimal = std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
    bytes += listpack_element_bytes({.bytes = static_cast<double>(text.size()), .decimal = decimal});
  }
  return {.bytes = bytes / static_cast<double>(fields.size()) - kCodeAndWayBack};
}

}  // namespace

const std::vector<StateField>& state_fields() {
  static const std::vector<StateField> fields = {{"epoch", "2882343476"},
                                                 {"began", "1795000000000000"},
                                                 {"opens", "1795000060000000"},
                                                 {"next", "300000"},
                                                 {"head", "120000"},
                                                 {"rate", "1000000000"},
                                                 {"paused", "0"},
                                                 {"sold", "0"},
                                                 {"mode", "watermark"},
                                                 {"beat_ttl", "60000"},
                                                 {"id", "sale-20261121"},
                                                 {"draining", "0"},
                                                 {"max", "50000000"},
                                                 {"turn_ttl", "30000"},
                                                 {"grant_ttl", "30000"},
                                                 {"burst", "100"},
                                                 {"credit", "100000000"},
                                                 {"rest", "0"},
                                                 {"credited", "1795000120000000"},
                                                 {"ticked", "1795000120000000"},
                                                 {"server", "3f9c2ab17de04c55"},
                                                 {"failovers", "0"},
                                                 {"stride", "1"},
                                                 {"free", "10000"},
                                                 {"held", "0"},
                                                 {"sold_seats", "0"},
                                                 {"version", "0"},
                                                 {"entered", "0"},
                                                 {"left", "0"},
                                                 {"expired", "0"},
                                                 {"refused", "0"},
                                                 {"admitted", "0"}};
  return fields;
}

std::uint64_t record_capacity_bytes(std::uint64_t tickets) {
  const auto header = [](std::uint64_t length) -> std::uint64_t { return length < 256 ? 3 : length < 65'536 ? 5 : 9; };
  std::uint64_t capacity = 0;
  for (std::uint64_t ticket = 1; ticket <= tickets; ++ticket) {
    const std::uint64_t needed = ticket * kTicketRecordBytes;
    if (needed <= capacity) continue;
    const std::uint64_t wanted = ticket == 1 ? needed : 2 * needed;
    capacity = allocated_bytes(wanted + header(wanted) + 1, SizeClasses::kSixteenBytes) - header(wanted) - 1;
  }
  return capacity;
}

KeyLayout waiting_room_layout(const LayoutParameters& parameters) {
  const Text ticket = ticket_text(parameters.users);
  const std::uint64_t in_bucket = (parameters.users + parameters.buckets - 1) / parameters.buckets;
  const std::uint64_t full_blocks = in_bucket / kTicketsPerBlock;
  const std::uint64_t in_last = in_bucket % kTicketsPerBlock;
  const std::uint64_t grants = std::min(parameters.users, parameters.admitted_alive);

  std::vector<KeyFamily> families;
  const auto add = [&](bool bucketed, const std::string& suffix, const RedisStructure& holds) {
    if (holds.entries > 0) families.push_back(family(parameters, bucketed, suffix, holds));
  };
  const auto add_records = [&](const char* which, std::uint64_t keys, std::uint64_t tickets) {
    if (keys == 0) return;
    KeyFamily records = family(parameters, true, ":t:", {.kind = Kind::kString, .entries = 1});
    records.pattern += which;
    records.keys = keys * parameters.buckets;
    records.key.name_bytes += ticket_text(full_blocks).bytes;
    records.key.holds.value = {.bytes = static_cast<double>(record_capacity_bytes(tickets))};
    families.push_back(std::move(records));
  };
  add(false, "",
      {.kind = Kind::kHash,
       .entries = state_fields().size(),
       .member = mean_text(state_fields(), &StateField::name),
       .value = mean_text(state_fields(), &StateField::value)});
  add(false, ":users",
      {.kind = Kind::kHash,
       .entries = parameters.users,
       .member = {.bytes = parameters.user_id_bytes},
       .value = ticket});
  add_records("<block>", full_blocks, kTicketsPerBlock);
  add_records("<last>", in_last > 0 ? 1 : 0, in_last);
  if (parameters.buckets > 1) {
    add(true, "",
        {.kind = Kind::kHash,
         .entries = kBucketFields * parameters.buckets,
         .member = mean_text(state_fields(), &StateField::name),
         .value = mean_text(state_fields(), &StateField::value)});
  }
  if (parameters.strategy == PositionStrategy::kIndex) {
    add(false, ":line", {.kind = Kind::kSortedSet, .entries = parameters.users, .member = ticket, .value = ticket});
  }
  add(true, ":seen",
      {.kind = Kind::kSortedSet, .entries = parameters.users, .member = ticket, .value = kSinceBeginning});
  // Those admitted last are alive: the first tickets, in order of admission, have the fewest digits, so this is exact
  // at the beginning and at most a digit short at the end.
  add(true, ":grants",
      {.kind = Kind::kHash, .entries = grants, .member = ticket_text(grants), .value = {.bytes = kGrantBytes}});
  add(true, ":due",
      {.kind = Kind::kSortedSet, .entries = grants, .member = ticket_text(grants), .value = kSinceBeginning});
  return {std::move(families)};
}

KeyLayout original_layout(const LayoutParameters& parameters) {
  const std::string tag = "{" + parameters.event + "}";
  const Text user = {.bytes = parameters.user_id_bytes};
  const auto named = [&](const std::string& prefix, double more, const RedisStructure& holds, bool expires = false) {
    return RedisKey{.name_bytes = static_cast<double>(prefix.size()) + more, .holds = holds, .expires = expires};
  };
  KeyLayout layout;
  if (parameters.strategy != PositionStrategy::kKeys) {
    layout.families.push_back(
        {.pattern = "position:" + tag,
         .keys = parameters.users == 0 ? 0U : 1U,
         .key = named("position:" + tag, 0,
                      {.kind = Kind::kSortedSet, .entries = parameters.users, .member = user, .value = kUnixSecond})});
  }
  const std::string record = "stream:event:" + tag + ":user:";
  layout.families.push_back(
      {.pattern = record + "<id>",
       .keys = parameters.users,
       .key =
           named(record, parameters.user_id_bytes,
                 {.kind = Kind::kHash, .entries = 5, .member = {.bytes = 6}, .value = {.bytes = 6, .decimal = true}})});
  const std::string heartbeat = "heartbeat:event:" + tag + ":user:";
  layout.families.push_back(
      {.pattern = heartbeat + "<id>",
       .keys = parameters.users,
       .key = named(heartbeat, parameters.user_id_bytes, {.kind = Kind::kString, .value = kUnixSecond}, true)});
  return layout;
}

LayoutMemory layout_memory(const KeyLayout& layout, const RedisBuild& build, bool while_growing) {
  LayoutMemory memory;
  std::uint64_t keys = 0;
  std::uint64_t expiring = 0;
  for (KeyFamily of : layout.families) {
    of.key.holds.rehashing = while_growing;
    const auto count = static_cast<double>(of.keys);
    memory.families.push_back({.pattern = of.pattern,
                               .keys = of.keys,
                               .memory_usage_bytes = count * memory_usage_bytes(of.key, build),
                               .used_memory_bytes = count * used_memory_bytes(of.key, build)});
    memory.memory_usage_bytes += memory.families.back().memory_usage_bytes;
    memory.used_memory_bytes += memory.families.back().used_memory_bytes;
    keys += of.keys;
    if (of.key.expires) expiring += of.keys;
  }
  memory.keyspace_bytes = keyspace_bytes(keys, expiring, build) * (while_growing ? 1.5 : 1.0);
  memory.used_memory_bytes += memory.keyspace_bytes;
  return memory;
}

}  // namespace tacos::plan
