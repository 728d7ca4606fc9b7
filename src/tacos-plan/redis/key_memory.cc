#include "tacos-plan/redis/key_memory.h"

#include <algorithm>
#include <cmath>

#include "tacos-plan/redis/valkey_table.h"

namespace tacos::plan {
namespace {

using Kind = RedisStructure::Kind;

// Sizes of structs, Redis 7.0 on 64 bits: server.h, dict.h, quicklist.h.
constexpr std::uint64_t kObject = 16;
constexpr std::uint64_t kDict = 56;
constexpr std::uint64_t kDictEntry = 24;
constexpr std::uint64_t kClusterLinks = 16;
constexpr std::uint64_t kSortedSet = 16;
constexpr std::uint64_t kSkiplist = 32;
constexpr std::uint64_t kSkiplistHeader = 24 + 16 * 32;
constexpr std::uint64_t kQuicklist = 40;
constexpr std::uint64_t kQuicklistNode = 40;
constexpr std::uint64_t kListpackFrame = 7;  // 6 at the front, 1 at the end: listpack.c
constexpr std::uint64_t kLongestEmbedded = 44;
constexpr double kMostDigits = 19;
// Valkey 8.1: hashtable.c, object.c.
constexpr std::uint64_t kValkeyTable = 72;
constexpr std::uint64_t kValkeyExpiry = 8;
constexpr std::uint64_t kValkeyEmbedLimit = 64;

// MEMORY USAGE counts some structs by sizeof, the allocator counts all of them by its classes.
struct Count {
  const RedisBuild& build;
  bool as_allocated;

  double block(std::uint64_t bytes) const { return static_cast<double>(allocated_bytes(bytes, build.size_classes)); }
  double block(double bytes) const { return block(static_cast<std::uint64_t>(std::ceil(bytes))); }
  double structure(std::uint64_t bytes) const { return as_allocated ? block(bytes) : static_cast<double>(bytes); }
  double text(const Text& of) const { return sds_bytes(of, build.size_classes); }
  bool valkey() const { return build.engine == Engine::kValkey81; }
};

// A table without the entries' own content.
double table_bytes(const RedisStructure& of, const Count& count) {
  const auto entries = static_cast<double>(of.entries);
  if (count.valkey()) {
    const double table = valkey_table_bytes(of.entries);
    return count.structure(kValkeyTable) + (of.rehashing ? 1.5 * table : table);
  }
  const auto slots = static_cast<double>(dict_slots(of.entries));
  return count.structure(kDict) + 8 * slots * (of.rehashing ? 1.5 : 1) + entries * count.structure(kDictEntry);
}

bool in_listpack(const RedisStructure& of, const RedisBuild& build) {
  const std::uint64_t most = of.kind == Kind::kHash ? build.hash_listpack_entries : build.sorted_set_listpack_entries;
  const auto longest = static_cast<double>(build.listpack_value_bytes);
  return of.entries <= most && of.member.bytes <= longest && (of.kind != Kind::kHash || of.value.bytes <= longest);
}

double listpack_bytes(const RedisStructure& of, const Count& count) {
  const double each = listpack_element_bytes(of.member) + listpack_element_bytes(of.value);
  return count.structure(kObject) + count.block(kListpackFrame + static_cast<double>(of.entries) * each);
}

double string_bytes(const Text& value, const Count& count) {
  if (value.decimal && value.bytes <= kMostDigits) return count.block(kObject);
  const auto length = static_cast<std::uint64_t>(std::ceil(value.bytes));
  if (length <= kLongestEmbedded) return count.block(kObject + 3 + length + 1);
  return count.structure(kObject) + count.text(value);
}

double hash_bytes(const RedisStructure& of, const Count& count) {
  if (in_listpack(of, count.build)) return listpack_bytes(of, count);
  const auto entries = static_cast<double>(of.entries);
  double each = count.text(of.member) + count.text(of.value);
  if (count.valkey()) {
    // A field stands in its entry, behind the pointer to its value and the field's offset: t_hash.c, hashTypeEntry.
    const auto length = static_cast<std::uint64_t>(std::ceil(of.member.bytes));
    each = count.block(8 + 1 + sds_length_bytes(length)) + count.text(of.value);
  }
  return count.structure(kObject) + table_bytes(of, count) + entries * each;
}

double sorted_set_bytes(const RedisStructure& of, const Count& count) {
  if (in_listpack(of, count.build)) return listpack_bytes(of, count);
  const double each = count.text(of.member) + skiplist_node_bytes(count.build.size_classes);
  return count.structure(kObject) + count.structure(kSortedSet) + count.structure(kSkiplist) +
         count.block(kSkiplistHeader) + table_bytes(of, count) + static_cast<double>(of.entries) * each;
}

double set_bytes(const RedisStructure& of, const Count& count) {
  return count.structure(kObject) + table_bytes(of, count) + static_cast<double>(of.entries) * count.text(of.member);
}

// Listpacks of up to list-max-listpack-size bytes, linked: as many elements as fit, and a struct, to each.
double list_bytes(const RedisStructure& of, const Count& count) {
  const double each = listpack_element_bytes(of.member);
  const double most =
      std::max(1.0, std::floor((static_cast<double>(count.build.list_node_bytes) - kListpackFrame) / each));
  const auto entries = static_cast<double>(of.entries);
  const double full = std::floor(entries / most);
  const double rest = entries - full * most;
  const double node = count.structure(kQuicklistNode);
  double bytes = full * (node + count.block(kListpackFrame + most * each));
  if (rest > 0) bytes += node + count.block(kListpackFrame + rest * each);
  return count.structure(kObject) + count.structure(kQuicklist) + bytes;
}

double content_bytes(const RedisStructure& of, const Count& count) {
  switch (of.kind) {
    case Kind::kString:
      return string_bytes(of.value, count);
    case Kind::kHash:
      return hash_bytes(of, count);
    case Kind::kSortedSet:
      return sorted_set_bytes(of, count);
    case Kind::kSet:
      return set_bytes(of, count);
    case Kind::kList:
      return list_bytes(of, count);
  }
  return 0;
}

// Valkey 8.1 keeps the name, and the moment of expiry, in the object; a short string's value too, when all of it fits
// a cache line (object.c, createObjectWithKeyAndExpire and createEmbeddedStringObjectWithKeyAndExpire). No entry in the
// main table.
double valkey_key_bytes(const RedisKey& key, const Count& count) {
  const auto name = static_cast<std::uint64_t>(std::ceil(key.name_bytes));
  const std::uint64_t object = kObject + (key.expires ? kValkeyExpiry : 0) + 1 + sds_length_bytes(name);
  const RedisStructure& holds = key.holds;
  if (holds.kind != Kind::kString) {
    return content_bytes(holds, count) - count.structure(kObject) + count.block(object);
  }
  if (holds.value.decimal && holds.value.bytes <= kMostDigits) return count.block(object);
  const std::uint64_t value = 3 + static_cast<std::uint64_t>(std::ceil(holds.value.bytes)) + 1;
  if (object + value <= kValkeyEmbedLimit) return count.block(object + value);
  return count.block(object) + count.text(holds.value);
}

double key_bytes(const RedisKey& key, const Count& count) {
  if (count.valkey()) return valkey_key_bytes(key, count);
  const std::uint64_t entry = kDictEntry + (count.build.cluster ? kClusterLinks : 0);
  return content_bytes(key.holds, count) + count.text({.bytes = key.name_bytes}) + count.structure(entry);
}

}  // namespace

double memory_usage_bytes(const RedisKey& key, const RedisBuild& build) {
  return key_bytes(key, Count{.build = build, .as_allocated = build.engine == Engine::kValkey81});
}

double used_memory_bytes(const RedisKey& key, const RedisBuild& build) {
  const Count count{.build = build, .as_allocated = true};
  const bool entry_of_its_own = key.expires && !count.valkey();
  return key_bytes(key, count) + (entry_of_its_own ? count.block(kDictEntry) : 0);
}

double keyspace_bytes(std::uint64_t keys, std::uint64_t expiring, const RedisBuild& build) {
  if (build.engine == Engine::kValkey81) return valkey_table_bytes(keys) + valkey_table_bytes(expiring);
  return 8.0 * static_cast<double>(dict_slots(keys) + dict_slots(expiring));
}

}  // namespace tacos::plan
