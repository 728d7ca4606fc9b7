// What time brings to an event: lapsed turns and grants, admissions, the absent.
#include <algorithm>

#include "tacos-gateway/store/event_line.h"

namespace tacos::gateway {
namespace {

using core::Instant;

// The most that one call of advance() does of each kind of work. At 200 ns a ticket this keeps the lock for 0.2 ms at
// most, and at 100 calls a second still moves 100,000 tickets a second and sweeps 300,000 in three.
constexpr std::size_t kSlice = 1000;

}  // namespace

void EventLine::advance(Instant now) {
  if (sold_out_) return;
  if (counts_.waiting > 0 || outstanding_ > 0) touched_ = now;
  lapse_turns(now);
  lapse_grants(now);
  admit(now);
  sweep(now);
}

void EventLine::lapse_turns(Instant now) {
  const std::uint64_t at_ms = millis(now);
  for (std::size_t done = 0; done < kSlice && !turns_.empty(); ++done) {
    const TicketNumber number = turns_.front();
    Ticket& ticket = at(number);
    if (ticket.status() == TicketStatus::kReady) {
      if (at_ms < ticket.deadline_ms) return;
      move(number, ticket, TicketStatus::kExpired, now);
      --outstanding_;
    }
    turns_.pop_front();
  }
}

void EventLine::lapse_grants(Instant now) {
  const std::uint64_t at_ms = millis(now);
  for (std::size_t done = 0; done < kSlice && !grants_.empty(); ++done) {
    Ticket& ticket = at(grants_.front());
    if (ticket.grant() == Grant::kUnused) {
      if (at_ms < ticket.deadline_ms) return;
      ticket.set(Grant::kLapsed);
      --outstanding_;
    } else if (ticket.grant() == Grant::kClaimed && at_ms < ticket.deadline_ms) {
      return;  // may come back unused before its time
    }
    grants_.pop_front();
  }
}

std::uint64_t EventLine::free_places() const {
  return counts_.inventory.free > outstanding_ ? counts_.inventory.free - outstanding_ : 0;
}

void EventLine::admit(Instant now) {
  if (paused_ || now < opens_ || waiting_.count() == 0) return;
  const std::uint64_t turns =
      std::min({bucket_.available(now), waiting_.count(), free_places(), static_cast<std::uint64_t>(kSlice)});
  if (turns == 0) return;
  bucket_.take(turns);
  const std::uint64_t deadline_ms = millis(now) + millis_of(options_.turn_ttl);
  for (std::uint64_t i = 0; i < turns; ++i) {
    const TicketNumber number = waiting_.first();
    Ticket& ticket = at(number);
    waiting_.remove(number);
    ticket.deadline_ms = deadline_ms & kMillisMask;
    move(number, ticket, TicketStatus::kReady, now);
    turns_.push_back(number);
  }
  outstanding_ += turns;
  counts_.admitted += turns;
}

// Drops those who stopped asking. Walks the line a slice a call, round and round.
void EventLine::sweep(Instant now) {
  const std::uint64_t at_ms = millis(now);
  const std::uint64_t ttl_ms = millis_of(options_.heartbeat_ttl);
  for (std::size_t done = 0; done < kSlice; ++done) {
    const TicketNumber number = waiting_.next(sweep_at_);
    if (number == 0) {
      sweep_at_ = 1;
      return;
    }
    Ticket& ticket = at(number);
    if (at_ms - ticket.seen_ms >= ttl_ms) {
      waiting_.remove(number);
      move(number, ticket, TicketStatus::kExpired, now);
    }
    sweep_at_ = number + 1;
  }
}

}  // namespace tacos::gateway
