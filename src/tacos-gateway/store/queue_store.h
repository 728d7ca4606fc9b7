#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "core/units.h"
#include "tacos-gateway/store/event_terms.h"

namespace tacos::gateway {

// Ticket numbers count from 1 within an event, in the order in which the store accepted the joins; never reused.
using TicketNumber = std::uint64_t;

// 128-bit keyed hash of a user id: equal ids give equal keys, and nobody outside can aim for a collision.
struct UserKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const UserKey&, const UserKey&) = default;
};

// What a signed token carries: enough to find the ticket in any gateway without a look-up by name.
// epoch changes when a store forgets (an embedded store restarts), so that an old token can't name a stranger's ticket.
struct TicketRef {
  std::uint32_t epoch = 0;
  std::uint64_t event = 0;  // event_key(event_id)
  TicketNumber number = 0;
  friend bool operator==(const TicketRef&, const TicketRef&) = default;
};

enum class TicketStatus : std::uint8_t { kWaiting, kReady, kEntered, kLeft, kExpired, kSoldOut };

// What a status answer tells. position is 1-based among those still waiting, 0 once the ticket is not waiting.
struct TicketView {
  TicketStatus status = TicketStatus::kWaiting;
  std::uint64_t position = 0;
  core::Nanos eta{0};
  core::Nanos waited{0};
  core::Nanos poll_after{0};
  bool stale = false;  // answered from what was known a while ago, because the store can't be reached
  // The ticket's grant has made a reservation. Whether that still stands the seats know.
  bool reserved = false;
};

enum class StoreOutcome : std::uint8_t {
  kOk,
  kNotFound,     // no such event or ticket, or a token of an earlier epoch
  kNotReady,     // enter: still waiting (view tells the position)
  kExpired,      // the turn, the grant or the ticket has lapsed, or the user left
  kSoldOut,      // join: refused; enter: nothing left to enter for
  kSpent,        // claim: this grant has already paid for a reservation
  kInFlight,     // claim: another request holds the claim
  kOverloaded,   // a named limit was reached (events, tickets per event, commands in flight)
  kClosed,       // join: an operator drains this event; those in line are still served
  kUnavailable,  // the store can't be reached
  kInLine,       // join: this user holds a live ticket (ref), and the request does not prove to be that user's
  kNotDeclared,  // join: the event is not declared, and only declared ones are taken
};

// One change or question for the store, owned by whoever submits it and untouched by them until done is called.
// It is a plain struct, reused for every request of a connection, so that the hot path allocates nothing.
struct StoreCommand {
  enum class Kind : std::uint8_t {
    kJoin,             // event_id, user → ref, view; the same live ticket for who proves to be the same user
    kStatus,           // ref → view; counts as a heartbeat
    kEnter,            // ref → user, grant_expires, view; exactly one grant per ticket, replays get the same one
    kLeave,            // ref → view
    kClaimGrant,       // ref → holds the grant for one reservation attempt
    kReleaseGrant,     // ref → the attempt failed; the grant may be claimed again while it lives
    kSpendGrant,       // ref → the attempt made a reservation; the grant is burnt
    kReportInventory,  // event (in ref), inventory → admission follows the seats
  };

  Kind kind = Kind::kStatus;
  StoreOutcome outcome = StoreOutcome::kOk;
  std::string_view event_id;  // kJoin only; must stay valid until done
  UserKey user;
  // kJoin: what a user who has a live ticket gets it again for. Any one is enough: a name alone is not.
  bool proven = false;      // the site vouches for the user
  std::uint64_t proof = 0;  // keyed hash of the join's idempotency key, the same as at the first join; 0: none
  TicketRef shown;          // the ticket that a token of the request names; number 0: none
  // kJoin: the ticket of this user whose reservation has come to nothing: it is no longer in the way. 0: none.
  TicketNumber replaces = 0;
  TicketRef ref;
  TicketView view;
  std::int64_t grant_expires_unix_ms = 0;
  std::optional<std::int64_t> requested_at_unix_ms;  // kJoin, only read by the client-time policy

  // Seats as the inventory sees them. free + held + sold = all seats of the event.
  struct Inventory {
    std::uint64_t free = 0;
    std::uint64_t held = 0;
    std::uint64_t sold = 0;
    std::uint64_t version = 0;  // counts the changes: a report that was overtaken by a later one is passed over
  } inventory;

  // Called exactly once, on the session's executor or inside submit(); may submit the command again.
  void (*done)(StoreCommand&) = nullptr;
  void* owner = nullptr;  // for done
};

// What an operator sees of one event. joined = waiting + ready + entered + left + expired + sold_out at all times.
struct EventSnapshot {
  std::string event_id;
  std::uint64_t joined = 0, waiting = 0, ready = 0, entered = 0, left = 0, expired = 0, sold_out = 0;
  std::uint64_t refused_sold_out = 0;  // joins answered SOLD_OUT: they never got a ticket
  std::uint64_t admitted = 0;          // turns given, ever
  StoreCommand::Inventory inventory;
  core::Rate admission_rate;
  bool paused = false;
  bool draining = false;  // no new joins; those in line are still served
  // Of a store that is replicated: how often another server took over, and what it had not got.
  std::uint64_t failovers = 0;
  std::uint64_t tickets_lost = 0;      // that some gateway knew of; there may have been more
  std::uint64_t tickets_restored = 0;  // put back by those who hold them
  std::uint32_t buckets = 1;           // slots over which the line is spread
  bool declared = false;               // by the operator; else it came into being at its first join
  std::int64_t opens_unix_ms = 0;      // 0: it has no opening of its own, or has opened
  std::uint64_t price = 0;             // of a seat
  std::string currency;
  // As declared, with what operators changed of it since; of an event that is not declared only its id.
  EventTerms terms;
};

// An operator's change to one event, or to every event and the default of those to come when event_id is empty.
struct EventControl {
  std::string event_id;
  std::optional<core::Rate> admission_rate;
  std::optional<double> admission_burst;
  std::optional<bool> paused;
  std::optional<bool> draining;
};

// One thread's way into the store. Not thread safe: each server thread opens its own.
class StoreSession {
 public:
  virtual ~StoreSession() = default;

  // Takes a batch collected over one turn of the event loop: one lock or one round trip for all of it. Commands of a
  // batch take effect in order. Each is completed through its done, exactly once, even when the store fails.
  virtual void submit(std::span<StoreCommand* const> batch) = 0;
};

// One number that a store tells of itself, as GET /metrics shows it.
struct StoreMetric {
  const char* name;
  const char* help;
  bool counter = true;  // else a gauge
  double value = 0;
};

// The line itself: tickets, admission, turns and grants for any number of events. It owns the clock that admission is
// measured on. Nothing here assumes that this process is the only gateway.
class QueueStore {
 public:
  virtual ~QueueStore() = default;

  virtual std::unique_ptr<StoreSession> open_session(boost::asio::any_io_executor executor) = 0;

  // Moves time-driven work on: admits, expires turns and grants, sweeps the absent, in bounded slices. To be called
  // every 5 to 50 ms by one thread of each gateway; extra calls are harmless and never admit more.
  virtual void tick() = 0;

  // Cold paths. The handler is called once, on an unspecified thread, possibly before the call returns. control() tells
  // how many events were changed, 0 when there is none of that name; an error is the store's: some may be changed.
  virtual void control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) = 0;
  // Those that are declared first; of these also the ones that nobody has joined.
  virtual void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) = 0;

  // Declares an event, or changes the terms of one that is. An event that came into being at a join is declared from
  // then on. Rate and burst may change at any time, seats and price until somebody has joined, the opening until users
  // have been let in. terms are within their ranges.
  virtual void declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler) = 0;
  // Forgets an event, declared or not. One that is in use only by force.
  virtual void withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler) = 0;

  // Whether the store answers now; drives /readyz.
  virtual void ping(std::function<void(core::Result<core::Nanos>)> handler) = 0;

  // What the store counts about itself. Any thread.
  virtual std::vector<StoreMetric> metrics() const { return {}; }
};

// The event's key in tokens: the first 8 bytes of SHA-256 of its id.
std::uint64_t event_key(std::string_view event_id);

}  // namespace tacos::gateway
