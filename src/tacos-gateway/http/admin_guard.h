#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"

namespace tacos::gateway {

// Slows down who guesses the operator's token. An address may be wrong kFreeGuesses times, and then once every
// kRecovery; until then its requests are refused unread, even one with the right token: a guesser must not learn from
// the answer whether it was right. Other addresses are not concerned. An IPv6 address counts with its /64.
//
// When kMostAddresses are remembered, one of those that are free soonest is forgotten.
// Thread rule: any thread. Only /admin comes here, so that a lock does.
class AdminGuard {
 public:
  static constexpr unsigned kFreeGuesses = 5;
  static constexpr core::Nanos kRecovery = std::chrono::seconds(1);
  static constexpr std::size_t kMostAddresses = 4096;

  // How long requests of this address are refused from now on; 0: its token may be looked at.
  core::Nanos must_wait(std::string_view address, core::Instant now);
  // Its token was wrong.
  void failed(std::string_view address, core::Instant now);

  std::size_t addresses();

 private:
  void forget_one(core::Instant now);

  std::mutex mutex_;
  // When all guesses of an address are forgiven (GCRA's theoretical arrival time).
  std::unordered_map<std::string, core::Instant> forgiven_at_;
};

}  // namespace tacos::gateway
