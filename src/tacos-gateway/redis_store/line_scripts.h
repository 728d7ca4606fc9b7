#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "redis/redis_script.h"

namespace tacos::gateway {

// The scripts of lua/, each one change or question of the line.
enum class LineScript : std::uint8_t {
  kRegister,
  kDefaults,
  kOpen,
  kJoin,
  kStatus,
  kEnter,
  kLeave,
  kClaim,
  kSettle,
  kInventory,
  kTick,
  kControl,
  kSnapshot,
  kFacts,
  kSeen,
  kArrive,
  kTickLine,
  kTickBucket,
  kForget,
  kForgetBucket,
  kUnregister,
  kPeek,
  kDeclare,
  kTerms,
};

// All of them, each behind what it shares with others, in the order of LineScript.
std::shared_ptr<const redis::ScriptBook> make_line_scripts();

// What all keys of an event, or of one bucket of an event that is spread, begin with.
class LineKey {
 public:
  // "tacos:{0123456789abcdef}"
  static LineKey of_event(std::uint64_t event);
  // "tacos:{0123456789abcdef.0b}"; bucket below kMostBuckets.
  static LineKey of_bucket(std::uint64_t event, std::uint32_t bucket);

  std::string_view text() const { return {text_.data(), size_}; }
  // The event's 16 digits alone.
  std::string_view digits() const { return text().substr(7, 16); }

 private:
  std::array<char, 27> text_{};
  std::size_t size_ = 0;
};
inline constexpr std::uint32_t kMostBuckets = 256;

// Where ticket `number` of a line in `buckets` buckets lies.
constexpr std::uint32_t bucket_of(std::uint64_t number, std::uint32_t buckets) {
  return static_cast<std::uint32_t>((number - 1) % buckets);
}

// The set of all events, which lies in a slot of its own; its members are 16 hex digits and the event's id.
inline constexpr const char* kEventsKey = "tacos:{events}";
// What is declared of events, by their ids.
inline constexpr const char* kDeclaredKey = "tacos:{events}:declared";
// The members that are not declared, by the time of their registration.
inline constexpr const char* kUndeclaredKey = "tacos:{events}:undeclared";

}  // namespace tacos::gateway
