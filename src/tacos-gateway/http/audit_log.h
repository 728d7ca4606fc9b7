#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace tacos::gateway {

// One thing an operator did.
struct AuditEntry {
  std::int64_t unix_ms = 0;
  std::string who;       // the id of the token, never the token
  std::string peer;      // where the request came from
  std::string action;    // "admission", "pause", …
  std::string event_id;  // "*" for all
  std::string from;
  std::string to;
  std::string trace_id;
};

// The latest operators' actions, for GET /admin/audit; each is also a line of the log, which is the lasting record.
// Thread rule: any thread.
class AuditLog {
 public:
  static constexpr std::size_t kCapacity = 1000;

  void add(AuditEntry entry) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() == kCapacity) entries_.pop_front();
    entries_.push_back(std::move(entry));
  }

  // Oldest first.
  std::vector<AuditEntry> entries() const {
    const std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::deque<AuditEntry> entries_;
};

}  // namespace tacos::gateway
