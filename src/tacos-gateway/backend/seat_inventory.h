#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

struct SeatInventoryOptions {
  std::uint64_t seats = 10'000;  // of each event, numbered from 1
  core::Nanos hold_ttl = std::chrono::seconds(120);
};

enum class SeatOutcome : std::uint8_t {
  kOk,
  kTaken,  // a seat that was asked for by number is not free, or fewer are free than were asked for
  kNoSuchSeat,
  kSoldOut,    // every seat is sold
  kNotFound,   // no such reservation, or somebody else's
  kLapsed,     // the hold ran out or was cancelled
  kConfirmed,  // cancel: it is sold already
};

struct Reservation {
  SeatOutcome outcome = SeatOutcome::kOk;
  std::string reservation_id;
  std::string order_id;  // once confirmed
  std::vector<std::uint32_t> seats;
  std::int64_t hold_expires_unix_ms = 0;
  StoreCommand::Inventory inventory;  // of the event, right after
  std::uint64_t event = 0;
};

// The seats of every event: free, held for a while, or sold. All-or-nothing, and never a seat twice: the whole event is
// behind one mutex, which a few thousand reservations a second do not feel. Reservations belong to the ticket whose
// grant made them; nobody else can confirm or cancel them. Ids are 128 random bits. Thread rule: any thread.
class SeatInventory {
 public:
  SeatInventory(SeatInventoryOptions options, const core::Clock& clock);

  // Holds `quantity` seats of the system's choice when `wanted` is empty, else exactly those.
  Reservation hold(const TicketRef& owner, std::uint32_t quantity, const std::vector<std::uint32_t>& wanted);

  // Sells a hold. Confirming again gives the same order.
  Reservation confirm(const TicketRef& owner, std::string_view reservation_id);
  Reservation cancel(const TicketRef& owner, std::string_view reservation_id);
  // What the reservation is now; kOk while it is held or sold.
  Reservation find(const TicketRef& owner, std::string_view reservation_id);

  // Frees the seats of holds that ran out. Returns the events whose counts changed.
  struct Change {
    std::uint64_t event = 0;
    StoreCommand::Inventory inventory;
  };
  std::vector<Change> sweep();

  StoreCommand::Inventory inventory(std::uint64_t event);

 private:
  enum class Seat : std::uint8_t { kFree, kHeld, kSold };
  enum class State : std::uint8_t { kHeld, kConfirmed, kReleased };
  struct Held {
    TicketRef owner;
    State state = State::kHeld;
    std::vector<std::uint32_t> seats;
    core::Instant until;
    std::string order_id;
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
  std::deque<Expiry> expiries_;  // by time: every hold lasts the same
};

// 128 random bits as 32 hexadecimal digits, with a prefix that tells what the id is of.
std::string random_id(std::string_view prefix);

}  // namespace tacos::gateway
