#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "redis/redis_command.h"
#include "redis/redis_request.h"
#include "redis/redis_script.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// The scripts of lua/ that change seats, payments and idempotency keys.
enum class SeatScript : std::uint8_t { kHold, kConfirm, kCancel, kLapse, kIntent, kPay, kFind, kKeyClaim, kKeySettle };

// All of them in the order of SeatScript, those of seats behind the prelude they share.
std::shared_ptr<const redis::ScriptBook> make_seat_scripts();

// Writes the beginning of one EVALSHA into a request: its key and the time; as many arguments as announced follow.
redis::RedisCommand begin_script(redis::RedisRequest& request, const redis::RedisScript& script, std::string_view key,
                                 std::uint64_t time, std::size_t arguments);

// 16 bytes of a text's SHA-256 as hexadecimal digits.
using HexHash = std::array<char, 32>;
HexHash hex_hash(std::string_view text);
inline std::string_view view(const HexHash& hash) {
  return {hash.data(), hash.size()};
}

// "tacos:{i:H}", H the hash of the ticket that pays: all its idempotency keys lie there, in a slot of its own.
using ClientKey = std::array<char, 42>;
ClientKey client_key(const TicketRef& owner);

}  // namespace tacos::gateway
