#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "redis/redis_reply.h"
#include "redis/redis_url.h"

namespace tacos::redis {

inline constexpr std::size_t kRedisSlots = 16384;

// CRC-16/XMODEM: polynomial x^16 + x^12 + x^5 + 1 (0x1021), initial value 0, bits not reflected, nothing xored at the
// end. Redis Cluster specification, appendix A. crc16("123456789") = 0x31C3.
std::uint16_t crc16(std::string_view bytes);

// The slot of a key: crc16(tag) mod 16384, where the tag is what stands between the first '{' and the first '}' after
// it if that is not empty, else the whole key. Redis Cluster specification, "Hash tags".
std::uint16_t redis_slot(std::string_view key);

// One stretch of slots and who serves it.
struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  RedisAddress primary;
  std::vector<RedisAddress> replicas;
};

// Reads the answer to CLUSTER SLOTS. A node that does not tell its host has the one that was asked.
core::Result<std::vector<SlotRange>> parse_cluster_slots(const RedisReply& reply, const RedisAddress& asked);

// Where "MOVED 3999 127.0.0.1:6381" or "ASK …" sends a request. An empty host is the one that answered.
struct Redirection {
  std::uint16_t slot = 0;
  RedisAddress to;
};
std::optional<Redirection> parse_redirection(std::string_view error, const RedisAddress& answered);

}  // namespace tacos::redis
