#pragma once

#include <algorithm>
#include <memory>

#include "core/clock.h"
#include "tacos-gateway/backend/idempotency_store.h"
#include "tacos-gateway/backend/payment_desk.h"
#include "tacos-gateway/backend/seat_inventory.h"
#include "tacos-gateway/backend/seat_store.h"

namespace tacos::gateway {

// Seats, payments and idempotency keys in this process's memory; gone when it ends. Commands complete inside submit().
// The line must be told of every change, so that admission follows the seats. Thread rule: any thread may open a
// session; they share what is behind it.
class EmbeddedSeats final : public SeatStore {
 public:
  // A payment is known for as long as the hold that it is for, so that who has paid can confirm.
  EmbeddedSeats(SeatInventoryOptions options, const core::Clock& clock)
      : seats_(options, clock),
        payments_(clock, std::max(PaymentDesk::kUsuallyKept, options.hold_ttl)),
        keys_({}, clock) {}

  std::unique_ptr<SeatSession> open_session(boost::asio::any_io_executor executor) override;
  // What the line has forgotten is forgotten here too. Any thread.
  void forget(std::uint64_t event) { seats_.forget(event); }

 private:
  class Session;

  SeatInventory seats_;
  PaymentDesk payments_;
  IdempotencyStore keys_;
};

}  // namespace tacos::gateway
