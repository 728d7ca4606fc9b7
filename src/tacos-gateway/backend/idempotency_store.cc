#include "tacos-gateway/backend/idempotency_store.h"

#include <functional>
#include <utility>

namespace tacos::gateway {

IdempotencyStore::Answer IdempotencyStore::claim(const std::string& scoped_key, std::string_view body) {
  const std::size_t fingerprint = std::hash<std::string_view>{}(body);
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(scoped_key); found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.fingerprint != fingerprint) return {.claim = Claim::kConflict};
    if (std::exchange(entry.suspended, false)) {
      entry.serial = next_serial_++;  // what was to forget it no longer does
      return {.claim = Claim::kFresh, .resumed = true};
    }
    if (entry.in_flight) return {.claim = Claim::kInFlight};
    return {.claim = Claim::kReplay, .status = entry.status, .body = entry.body};
  }
  if (entries_.size() >= options_.max_entries) forget_oldest();
  if (entries_.size() >= options_.max_entries) return {.claim = Claim::kFull};
  Entry entry;
  entry.fingerprint = fingerprint;
  entry.serial = next_serial_++;
  entries_.emplace(scoped_key, std::move(entry));
  return {};
}

void IdempotencyStore::finish(const std::string& scoped_key, int status, std::string_view answer) {
  if (status >= 500) {
    abandon(scoped_key);
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(scoped_key);
  if (found == entries_.end()) return;
  found->second.in_flight = false;
  found->second.status = status;
  found->second.body = answer;
  done_.push_back({clock_.now(), scoped_key, found->second.serial});
}

void IdempotencyStore::abandon(const std::string& scoped_key) {
  const std::lock_guard lock(mutex_);
  entries_.erase(scoped_key);
}

void IdempotencyStore::suspend(const std::string& scoped_key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(scoped_key);
  if (found == entries_.end() || !found->second.in_flight || found->second.suspended) return;
  found->second.suspended = true;
  done_.push_back({clock_.now(), scoped_key, found->second.serial});
}

void IdempotencyStore::forget_oldest() {
  if (done_.empty()) return;
  const auto found = entries_.find(done_.front().key);
  if (found != entries_.end() && found->second.serial == done_.front().serial) entries_.erase(found);
  done_.pop_front();
}

void IdempotencyStore::sweep() {
  const std::lock_guard lock(mutex_);
  while (!done_.empty() && clock_.now() - done_.front().at >= options_.ttl) forget_oldest();
}

}  // namespace tacos::gateway
