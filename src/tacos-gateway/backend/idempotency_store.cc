#include "tacos-gateway/backend/idempotency_store.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <openssl/sha.h>

namespace tacos::gateway {
namespace {

// Until work in flight may have ended, when no answer is kept that could be waited for.
constexpr core::Nanos kSoon = std::chrono::seconds(1);

}  // namespace

IdempotencyStore::KeyHash IdempotencyStore::hash_of(std::string_view scoped_key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(scoped_key.data()), scoped_key.size(), digest.data());
  KeyHash hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

IdempotencyStore::Entry* IdempotencyStore::find(Share& share, const KeyHash& key) {
  const auto found =
      std::find_if(share.entries.begin(), share.entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == share.entries.end() ? nullptr : &*found;
}

IdempotencyStore::Entry* IdempotencyStore::find_in_flight(const TicketRef& owner, std::string_view scoped_key) {
  const auto share = shares_.find(owner);
  Entry* const entry = share == shares_.end() ? nullptr : find(share->second, hash_of(scoped_key));
  return entry == nullptr || entry->state != State::kInFlight ? nullptr : entry;
}

// Entries that are past their time.
void IdempotencyStore::remove_due(Share& share) {
  const std::size_t removed = std::erase_if(share.entries, [now = clock_.now()](const Entry& entry) {
    return entry.state != State::kInFlight && now >= entry.forget_at;
  });
  entries_.fetch_sub(removed, std::memory_order_relaxed);
}

core::Nanos IdempotencyStore::until_room(const Share& share) const {
  const core::Instant now = clock_.now();
  core::Nanos soonest = options_.ttl;
  for (const Entry& entry : share.entries) {
    soonest = std::min(soonest, entry.state == State::kInFlight ? kSoon : entry.forget_at - now);
  }
  return soonest;
}

bool IdempotencyStore::has_claims_left(Share& share, const TicketRef& owner, std::uint64_t most_keys) {
  if (clock_.now() >= share.window_ends) {
    share.window_ends = clock_.now() + options_.ttl;
    share.claims = 0;
    look_again(owner);
  }
  return share.claims < most_keys * SeatLimits::kClaimsPerKey;
}

IdempotencyStore::Answer IdempotencyStore::known(Share& share, Entry& entry, std::size_t fingerprint) {
  if (entry.fingerprint != fingerprint) return {.claim = Claim::kConflict};
  if (entry.state == State::kInFlight) return {.claim = Claim::kInFlight};
  if (entry.state == State::kDone) return {.claim = Claim::kReplay, .status = entry.status, .body = entry.body};
  entry.state = State::kInFlight;
  ++share.claims;
  return {.claim = Claim::kFresh, .resumed = true};
}

IdempotencyStore::Answer IdempotencyStore::claim(const TicketRef& owner, std::string_view scoped_key,
                                                 std::string_view body, bool ends_purchase) {
  const std::uint64_t most_keys = SeatLimits::most_keys(options_.per_grant, ends_purchase);
  const std::size_t fingerprint = std::hash<std::string_view>{}(body);
  const KeyHash key = hash_of(scoped_key);
  const std::lock_guard lock(mutex_);
  auto share = shares_.find(owner);
  if (share == shares_.end()) {
    // A ticket that has only given keys back is remembered too, until its window ends.
    if (std::max<std::uint64_t>(entries(), shares_.size()) >= options_.max_entries) return {.claim = Claim::kFull};
    share = shares_.emplace(owner, Share{}).first;
  }
  remove_due(share->second);
  const bool claims_left = has_claims_left(share->second, owner, most_keys);
  if (Entry* const entry = find(share->second, key)) {
    if (entry->state != State::kSuspended || claims_left) return known(share->second, *entry, fingerprint);
  }
  if (!claims_left) return {.claim = Claim::kTooMany, .retry_after = share->second.window_ends - clock_.now()};
  if (share->second.entries.size() >= most_keys) {
    return {.claim = Claim::kTooMany, .retry_after = until_room(share->second)};
  }
  if (entries() >= options_.max_entries) return {.claim = Claim::kFull};
  ++share->second.claims;
  share->second.entries.push_back({.key = key, .fingerprint = fingerprint, .forget_at = {}, .body = {}});
  entries_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void IdempotencyStore::finish(const TicketRef& owner, std::string_view scoped_key, int status,
                              std::string_view answer) {
  if (status >= 500) {
    abandon(owner, scoped_key);
    return;
  }
  const std::lock_guard lock(mutex_);
  Entry* const entry = find_in_flight(owner, scoped_key);
  if (entry == nullptr) return;
  entry->state = State::kDone;
  entry->status = status;
  entry->body = answer;
  entry->forget_at = clock_.now() + options_.ttl;
  look_again(owner);
}

void IdempotencyStore::abandon(const TicketRef& owner, std::string_view scoped_key) {
  const std::lock_guard lock(mutex_);
  const auto share = shares_.find(owner);
  if (share == shares_.end()) return;
  const std::size_t removed = std::erase_if(share->second.entries, [key = hash_of(scoped_key)](const Entry& entry) {
    return entry.key == key && entry.state == State::kInFlight;
  });
  entries_.fetch_sub(removed, std::memory_order_relaxed);
  // Nothing looks at it again when its window ended meanwhile.
  if (share->second.entries.empty() && clock_.now() >= share->second.window_ends) shares_.erase(share);
}

void IdempotencyStore::suspend(const TicketRef& owner, std::string_view scoped_key) {
  const std::lock_guard lock(mutex_);
  Entry* const entry = find_in_flight(owner, scoped_key);
  if (entry == nullptr) return;
  entry->state = State::kSuspended;
  entry->forget_at = clock_.now() + options_.ttl;
  look_again(owner);
}

void IdempotencyStore::sweep() {
  const std::lock_guard lock(mutex_);
  const core::Instant now = clock_.now();
  for (; !due_.empty() && due_.front().at <= now; due_.pop_front()) {
    const auto share = shares_.find(due_.front().owner);
    if (share == shares_.end()) continue;
    remove_due(share->second);
    if (share->second.entries.empty() && now >= share->second.window_ends) shares_.erase(share);
  }
}

void IdempotencyStore::forget(std::uint64_t event) {
  const std::lock_guard lock(mutex_);
  std::erase_if(shares_, [&](const auto& entry) {
    if (entry.first.event != event) return false;
    entries_.fetch_sub(entry.second.entries.size(), std::memory_order_relaxed);
    return true;
  });
}

}  // namespace tacos::gateway
