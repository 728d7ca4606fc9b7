#include "tacos-gateway/http/address_limiter.h"

#include <bit>
#include <limits>

namespace tacos::gateway {
namespace {

constexpr std::int64_t kChanging = std::numeric_limits<std::int64_t>::min();
constexpr int kAttempts = 64;

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): each bit of the key changes half of the result's.
std::uint64_t mixed(std::uint64_t key) {
  key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
  key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
  return key ^ (key >> 31);
}

}  // namespace

AddressLimiter::AddressLimiter(GcraLimit limit, std::size_t slots, std::uint64_t seed) : limit_(limit), seed_(seed) {
  const std::size_t sets = std::bit_ceil(std::max<std::size_t>(1, (slots + kSlotsPerSet - 1) / kSlotsPerSet));
  mask_ = sets - 1;
  sets_ = std::make_unique<Set[]>(sets);
}

std::uint64_t AddressLimiter::key_of(const net::PeerAddress& client) {
  const auto& bytes = client.bytes();
  std::uint64_t high = 0;
  for (std::size_t i = 0; i < 8; ++i) high = high << 8 | bytes[i];
  switch (client.family()) {
    case net::PeerAddress::Family::kIpv4: {
      std::uint64_t address = 0xFFFF;  // as the prefix 0:ffff:…, which lies in 0000::/8 and is nobody's
      for (std::size_t i = 12; i < 16; ++i) address = address << 8 | bytes[i];
      return address;
    }
    case net::PeerAddress::Family::kIpv6:
      return high != 0 ? high : 1;
    case net::PeerAddress::Family::kUnix:
    case net::PeerAddress::Family::kUnknown:
      break;
  }
  return 2;
}

LimitVerdict AddressLimiter::take(std::uint64_t key, core::Instant now, std::int64_t cost) {
  const std::int64_t now_ns = now.since_origin().count();
  Set& set = sets_[mixed(key ^ seed_) & mask_];
  LimitVerdict verdict;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Slot* found = nullptr;
    for (Slot& slot : set.slots) {
      if (slot.key.load(std::memory_order_acquire) != key) continue;
      found = &slot;
      break;
    }
    const Outcome outcome =
        found != nullptr ? charge(*found, key, now_ns, cost, verdict) : settle(set, key, now_ns, cost, verdict);
    if (outcome == Outcome::kDone) return verdict;
  }
  contended_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// The key is read again behind the time: a thread that gives the slot away writes the key before the new time, so a
// time that belongs to another key is seen with that key. The swap fails when the time has changed since.
AddressLimiter::Outcome AddressLimiter::charge(Slot& slot, std::uint64_t key, std::int64_t now_ns, std::int64_t cost,
                                               LimitVerdict& verdict) {
  std::int64_t tat = slot.tat.load(std::memory_order_acquire);
  if (tat == kChanging || slot.key.load(std::memory_order_acquire) != key) return Outcome::kAgain;
  const GcraStep step = gcra(limit_, tat, now_ns, cost);
  if (!step.verdict.limited && cost > 0 &&
      !slot.tat.compare_exchange_strong(tat, step.tat_ns, std::memory_order_acq_rel)) {
    return Outcome::kAgain;
  }
  verdict = step.verdict;
  return Outcome::kDone;
}

AddressLimiter::Outcome AddressLimiter::settle(Set& set, std::uint64_t key, std::int64_t now_ns, std::int64_t cost,
                                               LimitVerdict& verdict) {
  const GcraStep step = gcra(limit_, now_ns, now_ns, cost);
  if (step.verdict.limited || cost == 0) {
    verdict = step.verdict;
    return Outcome::kDone;
  }
  Slot* fullest = nullptr;
  std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
  for (Slot& slot : set.slots) {
    const std::int64_t tat = slot.tat.load(std::memory_order_acquire);
    if (tat == kChanging) continue;
    const bool unused = slot.key.load(std::memory_order_relaxed) == 0;
    if (!unused && tat >= earliest) continue;
    fullest = &slot;
    earliest = tat;
    if (unused) break;
  }
  if (fullest == nullptr || !fullest->tat.compare_exchange_strong(earliest, kChanging, std::memory_order_acq_rel)) {
    return Outcome::kAgain;
  }
  if (fullest->key.load(std::memory_order_relaxed) != 0 && earliest > now_ns) {
    replaced_.fetch_add(1, std::memory_order_relaxed);
  }
  fullest->key.store(key, std::memory_order_release);
  fullest->tat.store(step.tat_ns, std::memory_order_release);
  verdict = step.verdict;
  return Outcome::kDone;
}

}  // namespace tacos::gateway
