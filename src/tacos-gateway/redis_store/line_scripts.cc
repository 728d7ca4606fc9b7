#include "tacos-gateway/redis_store/line_scripts.h"

#include <array>
#include <string>
#include <utility>

#include "tacos-gateway/redis_store/line_script_texts.h"

namespace tacos::gateway {

std::shared_ptr<const redis::ScriptBook> make_line_scripts() {
  const std::array<std::pair<const char*, std::string_view>, 15> texts{{
      {"register", lua::kRegister},
      {"defaults", lua::kDefaults},
      {"open", lua::kOpen},
      {"join", lua::kJoin},
      {"status", lua::kStatus},
      {"enter", lua::kEnter},
      {"leave", lua::kLeave},
      {"claim", lua::kClaim},
      {"settle", lua::kSettle},
      {"inventory", lua::kInventory},
      {"tick", lua::kTick},
      {"control", lua::kControl},
      {"snapshot", lua::kSnapshot},
      {"facts", lua::kFacts},
      {"seen", lua::kSeen},
  }};
  auto book = std::make_shared<redis::ScriptBook>();
  for (const auto& [name, text] : texts) book->add(name, std::string(lua::kPrelude).append(text));
  return book;
}

LineKey line_key(std::uint64_t event) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  LineKey key{'t', 'a', 'c', 'o', 's', ':', '{'};
  for (std::size_t i = 0; i < 16; ++i) key[7 + i] = kDigits[event >> (60 - 4 * i) & 15];
  key.back() = '}';
  return key;
}

std::string_view digits_of(const LineKey& key) {
  return {key.data() + 7, 16};
}

}  // namespace tacos::gateway
