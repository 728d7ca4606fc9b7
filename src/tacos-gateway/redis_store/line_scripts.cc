#include "tacos-gateway/redis_store/line_scripts.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "tacos-gateway/redis_store/line_script_texts.h"

namespace tacos::gateway {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::shared_ptr<const redis::ScriptBook> make_line_scripts() {
  struct Text {
    const char* name;
    std::string_view text;
    std::string_view before = {};
    std::string_view before_that = {};
  };
  const std::array<Text, 24> texts{{
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
      {"tick", lua::kTick, lua::kPassing},
      {"control", lua::kControl},
      {"snapshot", lua::kSnapshot},
      {"facts", lua::kFacts},
      {"seen", lua::kSeen},
      {"arrive", lua::kArrive, lua::kBucket},
      {"tick_line", lua::kTickLine, lua::kPassing},
      {"tick_bucket", lua::kTickBucket, lua::kBucket, lua::kPassing},
      {"forget", lua::kForget},
      {"forget_bucket", lua::kForgetBucket},
      {"unregister", lua::kUnregister},
      {"peek", lua::kPeek},
      {"declare", lua::kDeclare},
      {"terms", lua::kTerms},
  }};
  auto book = std::make_shared<redis::ScriptBook>();
  for (const Text& one : texts) {
    book->add(one.name, std::string(lua::kPrelude).append(one.before_that).append(one.before).append(one.text));
  }
  return book;
}

LineKey LineKey::of_event(std::uint64_t event) {
  static constexpr std::string_view kBegin = "tacos:{";
  LineKey key;
  std::copy(kBegin.begin(), kBegin.end(), key.text_.begin());
  for (std::size_t i = 0; i < 16; ++i) key.text_[7 + i] = kDigits[event >> (60 - 4 * i) & 15];
  key.text_[23] = '}';
  key.size_ = 24;
  return key;
}

LineKey LineKey::of_bucket(std::uint64_t event, std::uint32_t bucket) {
  LineKey key = of_event(event);
  key.text_[23] = '.';
  key.text_[24] = kDigits[bucket >> 4 & 15];
  key.text_[25] = kDigits[bucket & 15];
  key.text_[26] = '}';
  key.size_ = 27;
  return key;
}

}  // namespace tacos::gateway
