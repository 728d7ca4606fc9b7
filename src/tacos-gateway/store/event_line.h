#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/store/admission_bucket.h"
#include "tacos-gateway/store/queue_store.h"
#include "tacos-gateway/store/user_index.h"
#include "tacos-gateway/store/waiting_index.h"

namespace tacos::gateway {

// How events behave unless an operator says otherwise.
struct LineOptions {
  std::uint64_t seats = 10'000;
  core::Rate admission_rate = core::Rate::per_second(1000);
  double admission_burst = 100;
  core::Nanos turn_ttl = std::chrono::seconds(30);       // a ready ticket must enter within
  core::Nanos grant_ttl = std::chrono::seconds(30);      // a grant must be used within
  core::Nanos heartbeat_ttl = std::chrono::seconds(60);  // a waiting ticket must be asked about within
  core::Nanos opening_delay{0};  // from the store's making to the first admission of events that declare none
  core::Nanos forget_after = std::chrono::hours(24);  // an event that is over and untouched this long; 0: never
  std::uint64_t max_tickets = 50'000'000;
  std::uint64_t price = 100;     // of one seat, in the currency's smallest unit; 0: free
  std::string currency = "USD";  // ISO 4217
  bool any_event = true;         // a first join may bring an event into being that is not declared
};

// Told of every change of a ticket, under the event's lock: for audits and tests. from equals to for a join.
using TransitionObserver = std::function<void(TicketNumber, TicketStatus from, TicketStatus to, core::Instant at)>;

// The whole state of one event: who waits, whose turn it is, who has entered, and the rules by which that changes.
//
// Time is handed in and never goes back. Each call is O(log n) or does a bounded slice of work, so that no caller of a
// lock around it waits long. Thread rule: none; the store's lock covers it.
class EventLine {
 public:
  // opens: the instant of the first admission; one in the past is now.
  EventLine(std::string event_id, const LineOptions& options, core::Instant now, core::Instant opens,
            TransitionObserver observer);

  // Runs one command of this event and fills in its outcome and results. unix_ms_at_origin maps the clock to the
  // calendar.
  void execute(StoreCommand& command, core::Instant now, std::int64_t unix_ms_at_origin);

  // A bounded slice of what time brings: lapsed turns and grants, admissions, a stretch of the sweep.
  void advance(core::Instant now);

  void control(const EventControl& change, core::Instant now);
  // Takes over what an operator declares of it. See QueueStore::declare().
  Declared redeclare(const EventTerms& terms, bool same_price, core::Instant opens, core::Instant now);
  // Whether time has nothing to bring: nobody waits, has a turn, or a grant that may lapse.
  bool is_quiet() const { return sold_out_ || (counts_.waiting == 0 && turns_.empty() && grants_.empty()); }
  // Whether anybody waits, has a turn, an unused grant, held or sold seats.
  bool is_in_use() const {
    return (!sold_out_ && (counts_.waiting > 0 || outstanding_ > 0)) || counts_.inventory.held > 0 ||
           counts_.inventory.sold > 0;
  }
  // Whether any user has come back after joining: of a name that somebody made up nobody has.
  bool has_been_asked_about() const { return asked_about_; }
  EventSnapshot snapshot() const;
  // Whether nobody waits, has a turn, an unused grant or held seats, or all is sold, and nothing but questions has come
  // for forget_after.
  bool may_be_forgotten(core::Instant now) const;
  const std::string& event_id() const { return event_id_; }
  std::size_t memory_bytes() const;

 private:
  enum class Grant : std::uint8_t { kNone, kUnused, kClaimed, kSpent, kLapsed };

  // Times are milliseconds since the event began, in 40 bits: 34 years.
  struct Ticket {
    UserKey user;
    std::uint64_t proof = 0;  // as StoreCommand::proof
    std::uint64_t joined_ms : 40 = 0;
    std::uint64_t status_bits : 8 = 0;
    std::uint64_t grant_bits : 8 = 0;
    std::uint64_t seen_ms : 40 = 0;
    std::uint64_t deadline_ms : 40 = 0;  // of the turn, then of the grant

    TicketStatus status() const { return static_cast<TicketStatus>(status_bits); }
    Grant grant() const { return static_cast<Grant>(grant_bits); }
    void set(TicketStatus status) { status_bits = static_cast<std::uint64_t>(status) & 0xff; }
    void set(Grant grant) { grant_bits = static_cast<std::uint64_t>(grant) & 0xff; }
  };
  static constexpr std::uint64_t kMillisMask = (std::uint64_t{1} << 40) - 1;
  static constexpr std::size_t kChunk = 4096;
  // An event that few have joined takes little: the first chunk grows by doubling.
  static constexpr std::size_t kSmallestChunk = 16;

  Ticket* find(TicketNumber number);
  Ticket& at(TicketNumber number) { return chunks_[(number - 1) / kChunk][(number - 1) % kChunk]; }
  void make_room();
  std::uint64_t millis(core::Instant now) const;
  static std::uint64_t millis_of(core::Nanos duration);

  void join(StoreCommand& command, core::Instant now);
  void status(StoreCommand& command, Ticket& ticket, core::Instant now);
  void enter(StoreCommand& command, Ticket& ticket, core::Instant now, std::int64_t unix_ms_at_origin);
  void leave(StoreCommand& command, Ticket& ticket, core::Instant now);
  void claim(StoreCommand& command, Ticket& ticket, core::Instant now);
  void settle(StoreCommand& command, Ticket& ticket, core::Instant now);

  void view(StoreCommand& command, const Ticket& ticket, core::Instant now);

  void move(TicketNumber number, Ticket& ticket, TicketStatus to, core::Instant now);
  std::uint64_t& tally(TicketStatus status);
  TicketStatus shown(const Ticket& ticket) const;
  bool is_over(const Ticket& ticket, core::Instant now) const;
  bool proves(const StoreCommand& command, TicketNumber held, const Ticket& ticket) const;
  void lapse_turns(core::Instant now);
  void lapse_grants(core::Instant now);
  void admit(core::Instant now);
  void sweep(core::Instant now);
  void inventory(const StoreCommand::Inventory& seen, core::Instant now);
  std::uint64_t free_places() const;

  std::string event_id_;
  LineOptions options_;
  core::Instant began_;
  core::Instant opens_;
  TransitionObserver observer_;
  AdmissionBucket bucket_;
  bool paused_ = false;
  bool draining_ = false;
  bool sold_out_ = false;
  bool asked_about_ = false;
  core::Instant touched_;  // when something last happened, or could have: somebody waited, or had a turn

  std::vector<std::unique_ptr<Ticket[]>> chunks_;
  std::size_t room_ = 0;  // tickets that fit in them
  TicketNumber last_ = 0;
  UserIndex users_;
  WaitingIndex waiting_;
  std::deque<TicketNumber> turns_;   // ready tickets, and some that no longer are, by deadline
  std::deque<TicketNumber> grants_;  // entered tickets with a grant that may lapse, by deadline
  std::uint64_t outstanding_ = 0;    // turns and unspent grants: each may yet take a seat
  TicketNumber sweep_at_ = 1;
  EventSnapshot counts_;
};

}  // namespace tacos::gateway
