#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/result.h"

namespace tacos::gateway {

// Fills `into` from the system's generator of secrets. On an error `into` holds zeros, and must not be used.
core::Result<void> fill_random(std::span<unsigned char> into);

// Names and secrets that nobody may guess: anonymous users, reservations, payments, orders, epochs. It draws bytes
// ahead, so that a name costs neither a system call nor an allocation, and erases each byte that it has given out.
// When the system has no random bytes it ends the process: a gateway that gave out names which can be guessed would
// give one user's place to another. Trace ids don't come from here, so that they tell nothing about it.
// Thread rule: each thread has its own.
class SecureRandom {
 public:
  using Source = core::Result<void> (*)(std::span<unsigned char>);

  // A test may bring a source of its own.
  explicit SecureRandom(Source source = fill_random) : source_(source) {}

  static SecureRandom& of_this_thread();

  std::uint64_t next();
  void fill(std::span<unsigned char> into);

 private:
  static constexpr std::size_t kDrawnAhead = 1024;

  void draw();

  Source source_;
  std::array<unsigned char, kDrawnAhead> drawn_{};
  std::size_t used_ = kDrawnAhead;
};

}  // namespace tacos::gateway
