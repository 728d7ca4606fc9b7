#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

struct SeatInventoryOptions {
  std::uint64_t seats = 10'000;  // of each event, unless terms_of says otherwise; the next two likewise
  core::Nanos hold_ttl = std::chrono::seconds(120);
  std::uint64_t price = 100;
  std::string currency = "USD";
  // Asked once for each event, at its first hold, without any lock of the inventory. May be empty.
  std::function<SeatTerms(std::uint64_t event)> terms_of{};
  std::uint64_t intents_per_reservation = 20;
  // Reservations that came to nothing are remembered so long that their users can be told, the newest at most so many.
  core::Nanos released_kept = std::chrono::hours(1);
  std::size_t max_released = 1'000'000;
};

// Which request a hold is for: repeated, it gets what it got.
struct HoldAttempt {
  std::string_view name = {};
  bool replay_only = false;  // makes no reservation
};

// A payment that is asked for, or paid.
struct IntentOutcome {
  SeatOutcome outcome = SeatOutcome::kOk;
  PaymentIntent intent = {};
  core::Nanos retry_after{0};
  Reservation reservation = {};
};

// The seats of every event: free, held for a while, or sold; and the payment for each reservation. All-or-nothing, and
// never a seat twice: the whole is behind one mutex, which a few thousand reservations a second do not feel.
// Reservations belong to the ticket whose grant made them; nobody else can pay for, confirm or cancel them.
//
// Payments are simulated: an intent is made, then approved or refused by whoever plays the bank. A reservation has one
// payment, which lives as long as it does: another intent replaces one that is not approved, and none can be made once
// one is. Nothing is approved for a reservation that is not held at that moment. Ids are 128 random bits. Thread rule:
// any thread.
class SeatInventory {
 public:
  SeatInventory(SeatInventoryOptions options, const core::Clock& clock);

  // Holds `quantity` seats of the system's choice when `wanted` is empty, else exactly those. An owner who has a
  // reservation makes no other; the attempt that made it gets it again.
  Reservation hold(const TicketRef& owner, std::uint32_t quantity, const std::vector<std::uint32_t>& wanted,
                   HoldAttempt attempt = {});

  IntentOutcome make_intent(const TicketRef& owner, std::string_view reservation_id, std::uint64_t amount,
                            std::string_view currency);
  // Settles an intent that is still open; one that is settled keeps its first answer while the reservation lives.
  IntentOutcome pay(const TicketRef& owner, std::string_view intent_id, bool approve);

  // Sells a hold that an approved payment is for. Confirming again gives the same order.
  Reservation confirm(const TicketRef& owner, std::string_view reservation_id, std::string_view intent_id);
  Reservation cancel(const TicketRef& owner, std::string_view reservation_id);
  // The ticket's reservation; kOk while it is held or sold, kLapsed once it has come to nothing. Changes nothing.
  Reservation find(const TicketRef& owner);

  // Frees the seats of holds that ran out. Returns the events whose counts changed.
  std::vector<SeatChange> sweep();

  StoreCommand::Inventory inventory(std::uint64_t event);
  // Forgets an event's seats and reservations, sold ones too.
  void forget(std::uint64_t event);

  struct Kept {
    std::uint64_t reservations = 0;
    std::uint64_t forgotten_early = 0;  // released ones, beyond max_released
  };
  Kept kept();

 private:
  enum class Seat : std::uint8_t { kFree, kHeld, kSold };
  enum class State : std::uint8_t { kHeld, kConfirmed, kReleased };
  struct Held {
    TicketRef owner;
    State state = State::kHeld;
    std::vector<std::uint32_t> seats;
    core::Instant until;
    std::string order_id;
    std::string attempt;
    std::string intent_id;  // of the last; the amount is always what the reservation costs
    PaymentStatus payment = PaymentStatus::kNone;
    std::uint64_t intents = 0;  // made so far
  };
  struct Event {
    std::vector<Seat> seats;  // by number - 1
    std::uint64_t price = 0;
    std::string currency;
    std::uint32_t next_free = 0;
    StoreCommand::Inventory counts;
  };
  struct Expiry {
    core::Instant until;
    std::string reservation_id;
  };

  void make_event(std::uint64_t key);
  SeatOutcome refusal(const Event& event, const std::vector<std::uint32_t>& wanted) const;
  bool choose(Event& event, std::uint32_t quantity, std::vector<std::uint32_t>& seats);
  void release(const std::string& id, Held& held);
  void release_when_over(const std::string& id, Held& held);
  void forget_released();
  // The ticket's reservation, null when it has none; of an id, null when it has another.
  std::pair<const std::string, Held>* find_owned(const TicketRef& owner);
  std::pair<const std::string, Held>* find_owned(const TicketRef& owner, std::string_view reservation_id);
  Reservation told(const std::string& id, const Held& held, SeatOutcome outcome) const;
  IntentOutcome told_intent(const std::string& id, const Held& held, SeatOutcome outcome) const;
  std::int64_t unix_ms(core::Instant at) const;

  const SeatInventoryOptions options_;
  const core::Clock& clock_;
  const std::int64_t unix_ms_at_origin_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Event> events_;
  std::unordered_map<std::string, Held> reservations_;
  std::unordered_map<TicketRef, std::string, TicketHash> by_ticket_;
  std::deque<Expiry> expiries_;  // by time: every hold lasts the same
  std::deque<Expiry> released_;  // when each may be forgotten, by time likewise
  std::uint64_t forgotten_early_ = 0;
};

}  // namespace tacos::gateway
