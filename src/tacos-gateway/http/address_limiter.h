#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/clock.h"
#include "net/peer_address.h"
#include "tacos-gateway/http/gcra.h"

namespace tacos::gateway {

// How often each of many clients may ask: a table of GCRA limits of a fixed size, keyed by client address or by any
// other number. Eight slots make a set, and a key belongs to one set. When all eight are taken, the slot whose
// allowance is fullest is given to the new key: its client had asked least lately, and loses least.
//
// Two threads that meet a new key at the same moment may each give it a slot. The first slot of the set counts from
// then on, so that the key got one request for nothing.
//
// Thread rule: any thread, without locks: a request costs one look at two cache lines and one compare-and-swap, and
// one that is refused writes nothing. Nothing is allocated after the construction.
class AddressLimiter {
 public:
  static constexpr std::size_t kSlotsPerSet = 8;
  static constexpr std::size_t kUsualSlots = 65'536;  // 1 MiB

  // slots is rounded up to a power of two, 8 at least. seed keeps strangers from aiming at a set: a random one each
  // time the program starts.
  AddressLimiter(GcraLimit limit, std::size_t slots, std::uint64_t seed);

  // An IPv4 address whole, an IPv6 address by its /64; never 0.
  static std::uint64_t key_of(const net::PeerAddress& client);

  // Requires key != 0. A cost of 0 looks without taking.
  LimitVerdict take(std::uint64_t key, core::Instant now, std::int64_t cost = 1);

  const GcraLimit& limit() const { return limit_; }
  std::size_t slots() const { return (mask_ + 1) * kSlotsPerSet; }
  struct Counts {
    std::uint64_t replaced = 0;   // keys that gave way to another while their allowance was not yet full again
    std::uint64_t contended = 0;  // requests let pass uncounted, because other threads kept changing the slot
  };
  Counts counts() const {
    return {replaced_.load(std::memory_order_relaxed), contended_.load(std::memory_order_relaxed)};
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> key{0};  // 0: never used
    std::atomic<std::int64_t> tat{0};   // kChanging: another thread is giving the slot to another key
  };
  struct alignas(64) Set {
    std::array<Slot, kSlotsPerSet> slots;
  };
  enum class Outcome { kDone, kAgain };

  Outcome charge(Slot& slot, std::uint64_t key, std::int64_t now_ns, std::int64_t cost, LimitVerdict& verdict);
  Outcome settle(Set& set, std::uint64_t key, std::int64_t now_ns, std::int64_t cost, LimitVerdict& verdict);

  const GcraLimit limit_;
  const std::uint64_t seed_;
  std::size_t mask_ = 0;
  std::unique_ptr<Set[]> sets_;
  std::atomic<std::uint64_t> replaced_{0};
  std::atomic<std::uint64_t> contended_{0};
};

}  // namespace tacos::gateway
