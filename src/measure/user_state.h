#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tacos::measure {

// Where a user of the waiting room stands. Everyone who has started is in exactly one state.
enum class UserState : std::uint8_t {
  kJoining,      // asked to join, no ticket yet
  kWaiting,      // has a ticket and is in line
  kReady,        // was told that it is their turn
  kBuying,       // holds a grant: reserving, paying, confirming
  kToldSoldOut,  // was told that nothing is left, and still looks
  kDone,         // bought, or gone for whatever reason
};
inline constexpr std::size_t kUserStateCount = 6;

// The keys of "users" in report.json's intervals, in the order of the enum.
inline constexpr std::array<std::string_view, kUserStateCount> kUserStateNames{"joining", "waiting",       "ready",
                                                                               "buying",  "told_sold_out", "done"};

using UserStates = std::array<std::uint64_t, kUserStateCount>;

// Those who started and are not done.
constexpr std::uint64_t active(const UserStates& users) {
  std::uint64_t sum = 0;
  for (std::size_t s = 0; s + 1 < kUserStateCount; ++s) sum += users[s];
  return sum;
}

}  // namespace tacos::measure
