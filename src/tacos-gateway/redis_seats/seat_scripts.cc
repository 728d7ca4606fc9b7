#include "tacos-gateway/redis_seats/seat_scripts.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "redis/redis_slots.h"
#include "tacos-gateway/redis_seats/seat_script_texts.h"

namespace tacos::gateway {

std::shared_ptr<const redis::ScriptBook> make_seat_scripts() {
  auto book = std::make_shared<redis::ScriptBook>();
  const std::array<std::pair<const char*, std::string_view>, 7> seats{{
      {"seat_hold", seat_lua::kHold},
      {"seat_confirm", seat_lua::kConfirm},
      {"seat_cancel", seat_lua::kCancel},
      {"seat_lapse", seat_lua::kLapse},
      {"seat_intent", seat_lua::kIntent},
      {"seat_pay", seat_lua::kPay},
      {"seat_find", seat_lua::kFind},
  }};
  for (const auto& [name, text] : seats) book->add(name, std::string(seat_lua::kPrelude).append(text));
  book->add("key_claim", std::string(seat_lua::kKeyClaim));
  book->add("key_settle", std::string(seat_lua::kKeySettle));
  return book;
}

redis::RedisCommand begin_script(redis::RedisRequest& request, const redis::RedisScript& script, std::string_view key,
                                 std::uint64_t time, std::size_t arguments) {
  request.command.clear();
  request.script = &script;
  request.slot = redis::redis_slot(key);
  redis::RedisCommand command(request.command, 5 + arguments);
  command.arg("EVALSHA").arg(script.sha1).arg(1).arg(key).arg(time);
  return command;
}

HexHash hex_hash(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  HexHash hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) hash[i] = kDigits[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
  return hash;
}

ClientKey client_key(const TicketRef& owner) {
  static constexpr std::string_view kBefore = "tacos:{i:";
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{:x}.{:x}.{}", owner.epoch, owner.event, owner.number);
  const HexHash hash = hex_hash({text.data(), text.size()});
  ClientKey key{};
  auto* const end = std::copy(kBefore.begin(), kBefore.end(), key.begin());
  std::copy(hash.begin(), hash.end(), end);
  key.back() = '}';
  return key;
}

}  // namespace tacos::gateway
