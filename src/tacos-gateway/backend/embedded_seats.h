#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/backend/idempotency_store.h"
#include "tacos-gateway/backend/seat_inventory.h"
#include "tacos-gateway/backend/seat_store.h"

namespace tacos::gateway {

// Seats, payments and idempotency keys in this process's memory; gone when it ends. Commands complete inside submit().
// The line must be told of every change, so that admission follows the seats. Thread rule: any thread may open a
// session; they share what is behind it.
class EmbeddedSeats final : public SeatStore {
 public:
  EmbeddedSeats(SeatInventoryOptions options, const core::Clock& clock, IdempotencyOptions keys = {})
      : seats_(std::move(options), clock), keys_(keys, clock) {}

  std::unique_ptr<SeatSession> open_session(boost::asio::any_io_executor executor) override;
  std::vector<StoreMetric> metrics() const override;
  // What the line has forgotten is forgotten here too. Any thread.
  void forget(std::uint64_t event) {
    seats_.forget(event);
    keys_.forget(event);
  }

 private:
  class Session;

  mutable SeatInventory seats_;  // behind its own lock
  IdempotencyStore keys_;
};

}  // namespace tacos::gateway
