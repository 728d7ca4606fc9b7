#include "tacos-gateway/store/event_line.h"

#include <algorithm>
#include <utility>

#include "tacos-gateway/store/poll_advice.h"

namespace tacos::gateway {
namespace {

using core::Instant;
using core::Nanos;
using std::chrono::milliseconds;

}  // namespace

EventLine::EventLine(std::string event_id, const LineOptions& options, Instant now, Instant opens,
                     TransitionObserver observer)
    : event_id_(std::move(event_id)),
      options_(options),
      began_(now),
      opens_(std::max(now, opens)),
      observer_(std::move(observer)),
      bucket_(options.admission_rate, options.admission_burst, now),
      touched_(now) {
  counts_.event_id = event_id_;
  counts_.inventory.free = options.seats;
  sold_out_ = options.seats == 0;
}

std::uint64_t EventLine::millis(Instant now) const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - began_).count() / 1'000'000));
}

std::uint64_t EventLine::millis_of(Nanos duration) {
  return static_cast<std::uint64_t>(duration / milliseconds(1));
}

// Room for one ticket more.
void EventLine::make_room() {
  if (last_ < room_) return;
  if (room_ >= kChunk) {
    chunks_.push_back(std::make_unique<Ticket[]>(kChunk));
    room_ += kChunk;
    return;
  }
  const std::size_t wanted = room_ == 0 ? kSmallestChunk : 2 * room_;
  auto larger = std::make_unique<Ticket[]>(wanted);
  if (room_ > 0) std::copy_n(chunks_[0].get(), room_, larger.get());
  chunks_.resize(1);
  chunks_[0] = std::move(larger);
  room_ = wanted;
}

EventLine::Ticket* EventLine::find(TicketNumber number) {
  return number >= 1 && number <= last_ ? &at(number) : nullptr;
}

void EventLine::execute(StoreCommand& command, Instant now, std::int64_t unix_ms_at_origin) {
  command.outcome = StoreOutcome::kOk;
  if (command.kind == StoreCommand::Kind::kJoin) {
    join(command, now);
    return;
  }
  if (command.kind == StoreCommand::Kind::kReportInventory) {
    inventory(command.inventory, now);
    return;
  }
  Ticket* ticket = find(command.ref.number);
  if (ticket == nullptr) {
    command.outcome = StoreOutcome::kNotFound;
    return;
  }
  asked_about_ = true;
  switch (command.kind) {
    case StoreCommand::Kind::kStatus:
      status(command, *ticket, now);
      break;
    case StoreCommand::Kind::kEnter:
      enter(command, *ticket, now, unix_ms_at_origin);
      break;
    case StoreCommand::Kind::kLeave:
      leave(command, *ticket, now);
      break;
    case StoreCommand::Kind::kClaimGrant:
      claim(command, *ticket, now);
      break;
    default:
      settle(command, *ticket, now);
      break;
  }
}

// Whether another join of its user makes another ticket: they left, or let it, its turn or its grant lapse.
bool EventLine::is_over(const Ticket& ticket, Instant now) const {
  if (ticket.status() != TicketStatus::kEntered) {
    return ticket.status() == TicketStatus::kLeft || ticket.status() == TicketStatus::kExpired;
  }
  return ticket.grant() == Grant::kLapsed || (ticket.grant() == Grant::kUnused && millis(now) >= ticket.deadline_ms);
}

bool EventLine::proves(const StoreCommand& command, TicketNumber held, const Ticket& ticket) const {
  // The store has put this life's epoch into ref.
  const bool shown = command.shown.number == held && command.shown.event == command.ref.event &&
                     command.shown.epoch == command.ref.epoch;
  return command.proven || shown || (command.proof != 0 && command.proof == ticket.proof);
}

// A user who is still in line, or in, keeps the ticket they have, and gets it again for proving to be that user: a name
// is not a proof. One who left or lapsed starts again at the end: the old place was given up, and the number that
// stands for it never comes back.
void EventLine::join(StoreCommand& command, Instant now) {
  const TicketNumber held = users_.find(command.user);
  if (held != 0) {
    Ticket& ticket = at(held);
    const bool spent = ticket.grant() == Grant::kSpent;
    if (!is_over(ticket, now) && !(spent && command.replaces == held)) {
      command.ref.number = held;
      const bool proven = proves(command, held, ticket);
      if (proven) {
        status(command, ticket, now);
      } else if (shown(ticket) == TicketStatus::kSoldOut) {
        ++counts_.refused_sold_out;
        command.outcome = StoreOutcome::kSoldOut;
      } else {
        command.outcome = StoreOutcome::kInLine;
        command.view = TicketView{};
      }
      command.view.reserved = spent;
      return;
    }
  }
  if (sold_out_) {
    ++counts_.refused_sold_out;
    command.outcome = StoreOutcome::kSoldOut;
    return;
  }
  if (draining_ || last_ >= options_.max_tickets) {
    command.outcome = StoreOutcome::kClosed;  // tickets are counted over the event's life: it does not get better
    return;
  }
  make_room();
  const TicketNumber number = ++last_;
  Ticket& ticket = at(number);
  ticket.user = command.user;
  ticket.proof = command.proof;
  ticket.joined_ms = millis(now) & kMillisMask;
  ticket.seen_ms = ticket.joined_ms;
  waiting_.append(number);
  users_.set(command.user, number);
  ++counts_.joined;
  ++counts_.waiting;
  touched_ = now;
  if (observer_) observer_(number, TicketStatus::kWaiting, TicketStatus::kWaiting, now);
  command.ref.number = number;
  view(command, ticket, now);
}

void EventLine::status(StoreCommand& command, Ticket& ticket, Instant now) {
  ticket.seen_ms = millis(now) & kMillisMask;
  view(command, ticket, now);
}

void EventLine::enter(StoreCommand& command, Ticket& ticket, Instant now, std::int64_t unix_ms_at_origin) {
  const std::uint64_t at_ms = millis(now);
  if (ticket.status() == TicketStatus::kReady && !sold_out_) {
    if (at_ms >= ticket.deadline_ms) {  // the turn has passed, whether or not the tick has seen it
      move(command.ref.number, ticket, TicketStatus::kExpired, now);
      --outstanding_;
    } else {
      move(command.ref.number, ticket, TicketStatus::kEntered, now);
      ticket.set(Grant::kUnused);
      ticket.deadline_ms = (at_ms + millis_of(options_.grant_ttl)) & kMillisMask;
      grants_.push_back(command.ref.number);
    }
  }
  view(command, ticket, now);
  switch (command.view.status) {
    case TicketStatus::kEntered:
      // A replay gets the same grant, with the same end, for as long as it would have lasted. One that is used, or
      // being used, is its reservation's: it does not lapse.
      if (is_over(ticket, now)) command.outcome = StoreOutcome::kExpired;
      break;
    case TicketStatus::kWaiting:
      command.outcome = StoreOutcome::kNotReady;
      break;
    case TicketStatus::kSoldOut:
      command.outcome = StoreOutcome::kSoldOut;
      break;
    default:
      command.outcome = StoreOutcome::kExpired;
      break;
  }
  command.user = ticket.user;
  const auto since_origin = std::chrono::duration_cast<milliseconds>(began_.since_origin()).count();
  command.grant_expires_unix_ms = unix_ms_at_origin + since_origin + static_cast<std::int64_t>(ticket.deadline_ms);
}

void EventLine::leave(StoreCommand& command, Ticket& ticket, Instant now) {
  const bool had_turn = ticket.status() == TicketStatus::kReady && !sold_out_;
  const bool had_grant = ticket.status() == TicketStatus::kEntered && ticket.grant() == Grant::kUnused;
  if (ticket.status() == TicketStatus::kWaiting || ticket.status() == TicketStatus::kReady || had_grant) {
    waiting_.remove(command.ref.number);
    if (had_turn || had_grant) --outstanding_;
    if (had_grant) ticket.set(Grant::kLapsed);
    move(command.ref.number, ticket, TicketStatus::kLeft, now);
  } else if (ticket.status() == TicketStatus::kExpired || ticket.grant() == Grant::kLapsed) {
    command.outcome = StoreOutcome::kExpired;
  } else if (ticket.status() == TicketStatus::kEntered) {
    command.outcome = StoreOutcome::kSpent;  // it has become a reservation: that is cancelled, not left
  }
  view(command, ticket, now);
}

void EventLine::claim(StoreCommand& command, Ticket& ticket, Instant now) {
  command.user = ticket.user;
  if (ticket.status() != TicketStatus::kEntered) {
    command.outcome = StoreOutcome::kExpired;
    return;
  }
  switch (ticket.grant()) {
    case Grant::kUnused:
      if (millis(now) >= ticket.deadline_ms) {
        command.outcome = StoreOutcome::kExpired;
      } else {
        ticket.set(Grant::kClaimed);
      }
      break;
    case Grant::kClaimed:
      command.outcome = StoreOutcome::kInFlight;
      break;
    case Grant::kSpent:
      command.outcome = StoreOutcome::kSpent;
      break;
    default:
      command.outcome = StoreOutcome::kExpired;
      break;
  }
}

// The end of an attempt that claimed the grant. While it was claimed it kept its place, even past its time.
void EventLine::settle(StoreCommand& command, Ticket& ticket, Instant now) {
  if (ticket.grant() != Grant::kClaimed) {
    command.outcome = StoreOutcome::kNotFound;
    return;
  }
  const bool spent = command.kind == StoreCommand::Kind::kSpendGrant;
  const bool too_late = millis(now) >= ticket.deadline_ms;
  touched_ = now;
  ticket.set(spent ? Grant::kSpent : too_late ? Grant::kLapsed : Grant::kUnused);
  if (spent || too_late) --outstanding_;
}

TicketStatus EventLine::shown(const Ticket& ticket) const {
  const bool in_line = ticket.status() == TicketStatus::kWaiting || ticket.status() == TicketStatus::kReady;
  return sold_out_ && in_line ? TicketStatus::kSoldOut : ticket.status();
}

void EventLine::view(StoreCommand& command, const Ticket& ticket, Instant now) {
  TicketView& view = command.view;
  view = TicketView{};
  view.status = shown(ticket);
  // One whose grant has lapsed is of no more use to its user, whatever it counts as.
  if (view.status == TicketStatus::kEntered && is_over(ticket, now)) view.status = TicketStatus::kExpired;
  view.reserved = view.status == TicketStatus::kEntered && ticket.grant() == Grant::kSpent;
  view.waited = milliseconds(static_cast<std::int64_t>(millis(now) - ticket.joined_ms));
  if (view.status == TicketStatus::kWaiting) view.position = waiting_.position(command.ref.number);
  const LinePace pace{paused_ ? 0.0 : bucket_.rate().per_second(), std::max(Nanos(0), opens_ - now),
                      options_.heartbeat_ttl};
  advise(view, command.ref.number, pace);
}

std::uint64_t& EventLine::tally(TicketStatus status) {
  switch (status) {
    case TicketStatus::kWaiting:
      return counts_.waiting;
    case TicketStatus::kReady:
      return counts_.ready;
    case TicketStatus::kEntered:
      return counts_.entered;
    case TicketStatus::kLeft:
      return counts_.left;
    case TicketStatus::kExpired:
      return counts_.expired;
    case TicketStatus::kSoldOut:
      break;
  }
  return counts_.sold_out;
}

void EventLine::move(TicketNumber number, Ticket& ticket, TicketStatus to, Instant now) {
  const TicketStatus from = shown(ticket);
  --tally(from);
  ++tally(to);
  ticket.set(to);
  touched_ = now;
  if (observer_) observer_(number, from, to, now);
}

// Once every seat is sold the event is over for good: one flag tells the whole line, however long it is.
void EventLine::inventory(const StoreCommand::Inventory& seen, Instant now) {
  if (seen.version < counts_.inventory.version) return;
  touched_ = now;
  counts_.inventory = seen;
  if (sold_out_ || seen.free + seen.held > 0) return;
  sold_out_ = true;
  counts_.sold_out += counts_.waiting + counts_.ready;
  outstanding_ -= counts_.ready;
  counts_.waiting = counts_.ready = 0;
  // Nobody is called, swept or told a position any more.
  waiting_ = WaitingIndex();
  std::deque<TicketNumber>().swap(turns_);
  std::deque<TicketNumber>().swap(grants_);
}

void EventLine::control(const EventControl& change, Instant now) {
  touched_ = now;
  if (change.admission_rate || change.admission_burst) {
    bucket_.set(change.admission_rate.value_or(bucket_.rate()), change.admission_burst.value_or(bucket_.burst()), now);
  }
  if (change.paused) paused_ = *change.paused;
  if (change.draining) draining_ = *change.draining;
}

Declared EventLine::redeclare(const EventTerms& terms, bool same_price, Instant opens, Instant now) {
  const Nanos put_off = std::max(now, opens) - opens_;
  const auto seats = counts_.inventory.free + counts_.inventory.held + counts_.inventory.sold;
  if ((terms.seats != seats || !same_price) && last_ > 0) return Declared::kInUse;
  if (now >= opens_ && counts_.admitted > 0 && put_off > Nanos(0) && opens > now) return Declared::kHasOpened;
  if (terms.seats != seats) {
    counts_.inventory.free = terms.seats;
    sold_out_ = terms.seats == 0;
  }
  opens_ = std::max(now, opens);
  options_.seats = terms.seats;
  EventControl change;
  change.admission_rate = terms.admission_rate;
  change.admission_burst = terms.admission_burst;
  control(change, now);
  return Declared::kChanged;
}

bool EventLine::may_be_forgotten(Instant now) const {
  if (options_.forget_after == Nanos(0) || now - touched_ < options_.forget_after || now < opens_) return false;
  return sold_out_ || (counts_.waiting == 0 && outstanding_ == 0 && counts_.inventory.held == 0);
}

EventSnapshot EventLine::snapshot() const {
  EventSnapshot snapshot = counts_;
  snapshot.admission_rate = bucket_.rate();
  snapshot.paused = paused_;
  snapshot.draining = draining_;
  return snapshot;
}

std::size_t EventLine::memory_bytes() const {
  return room_ * sizeof(Ticket) + waiting_.memory_bytes() + (turns_.size() + grants_.size()) * sizeof(TicketNumber);
}

}  // namespace tacos::gateway
