#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"

namespace tacos::gateway {

// Simulated payments: an intent is made for a reservation and an amount, then approved or refused by whoever plays the
// bank. What was approved stays approved. Intents are forgotten some time after they were made.
// Thread rule: any thread.
class PaymentDesk {
 public:
  using Intent = PaymentIntent;

  static constexpr core::Nanos kUsuallyKept = std::chrono::hours(1);

  explicit PaymentDesk(const core::Clock& clock, core::Nanos kept = kUsuallyKept) : clock_(clock), kept_(kept) {}

  Intent create(std::string_view reservation_id, std::uint64_t amount, std::string_view currency);
  // Settles an intent that is still open; one that is settled keeps its first answer.
  Intent process(std::string_view intent_id, bool approve);
  Intent find(std::string_view intent_id);

  void sweep();

 private:
  struct Made {
    core::Instant at;
    std::string id;
  };

  const core::Clock& clock_;
  const core::Nanos kept_;
  std::mutex mutex_;
  std::unordered_map<std::string, Intent> intents_;
  std::deque<Made> made_;
};

}  // namespace tacos::gateway
