#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

struct SeatInventoryOptions {
  std::uint64_t seats = 10'000;  // of each event, numbered from 1
  core::Nanos hold_ttl = std::chrono::seconds(120);
};

// Which request a hold is for: repeated, it gets what it got.
struct HoldAttempt {
  std::string_view name = {};
  bool replay_only = false;  // makes no reservation
};

// The seats of every event: free, held for a while, or sold. All-or-nothing, and never a seat twice: the whole event is
// behind one mutex, which a few thousand reservations a second do not feel. Reservations belong to the ticket whose
// grant made them; nobody else can confirm or cancel them. Ids are 128 random bits. Thread rule: any thread.
class SeatInventory {
 public:
  SeatInventory(SeatInventoryOptions options, const core::Clock& clock);

  // Holds `quantity` seats of the system's choice when `wanted` is empty, else exactly those. An owner who has a
  // reservation makes no other; the attempt that made it gets it again.
  Reservation hold(const TicketRef& owner, std::uint32_t quantity, const std::vector<std::uint32_t>& wanted,
                   HoldAttempt attempt = {});

  // Sells a hold. Confirming again gives the same order.
  Reservation confirm(const TicketRef& owner, std::string_view reservation_id);
  Reservation cancel(const TicketRef& owner, std::string_view reservation_id);
  // What the reservation is now; kOk while it is held or sold.
  Reservation find(const TicketRef& owner, std::string_view reservation_id);

  // Frees the seats of holds that ran out. Returns the events whose counts changed.
  std::vector<SeatChange> sweep();

  StoreCommand::Inventory inventory(std::uint64_t event);
  // Forgets an event's seats and reservations, sold ones too.
  void forget(std::uint64_t event);

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
  };
  struct TicketHash {
    std::size_t operator()(const TicketRef& ref) const {
      return std::hash<std::uint64_t>{}(ref.event ^ ref.number * 0x9e37'79b9'7f4a'7c15ULL ^ ref.epoch);
    }
  };
  struct Event {
    std::vector<Seat> seats;  // by number - 1
    std::uint32_t next_free = 0;
    StoreCommand::Inventory counts;
  };
  struct Expiry {
    core::Instant until;
    std::string reservation_id;
  };

  Event& event_of(std::uint64_t key);
  Reservation repeated(const std::string& id, Held& held, const HoldAttempt& attempt);
  SeatOutcome refusal(const Event& event, const std::vector<std::uint32_t>& wanted) const;
  bool choose(Event& event, std::uint32_t quantity, std::vector<std::uint32_t>& seats);
  void release(Held& held, Event& event);
  Held* find_owned(const TicketRef& owner, std::string_view reservation_id);
  Reservation told(const std::string& id, const Held& held, SeatOutcome outcome);
  std::int64_t unix_ms(core::Instant at) const;

  const SeatInventoryOptions options_;
  const core::Clock& clock_;
  const std::int64_t unix_ms_at_origin_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Event> events_;
  std::unordered_map<std::string, Held> reservations_;
  std::unordered_map<TicketRef, std::string, TicketHash> by_ticket_;
  std::deque<Expiry> expiries_;  // by time: every hold lasts the same
};

}  // namespace tacos::gateway
