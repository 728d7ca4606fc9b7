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
};

// All of them, each behind the prelude they share, in the order of LineScript.
std::shared_ptr<const redis::ScriptBook> make_line_scripts();

// "tacos:{0123456789abcdef}", which all keys of an event begin with.
using LineKey = std::array<char, 24>;
LineKey line_key(std::uint64_t event);
// The 16 digits alone.
std::string_view digits_of(const LineKey& key);

// The set of all events, which lies in a slot of its own; its members are 16 hex digits and the event's id.
inline constexpr const char* kEventsKey = "tacos:{events}";

}  // namespace tacos::gateway
