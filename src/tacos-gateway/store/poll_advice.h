#pragma once

#include <cstdint>

#include "core/clock.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// What an event's pace is, as far as those who wait are told.
struct LinePace {
  double admitted_per_second = 0;  // 0: stopped, or paused
  core::Nanos until_open{0};
  core::Nanos heartbeat_ttl{0};
};

// The time until a ticket's turn: until_open + position / rate, the second part a day at most. A day when admission is
// stopped, since then nobody knows.
core::Nanos eta_of(std::uint64_t position, const LinePace& pace);

// When a user should ask again: a quarter of the wait that is left, so that a user asks a handful of times on the way
// to the front and notices their turn within a second or so; never so seldom that the heartbeat would lapse. ±10 % from
// a hash of the ticket keeps users who joined together from asking together.
core::Nanos poll_after(core::Nanos eta, TicketNumber number, core::Nanos heartbeat_ttl);

// Fills in eta and poll_after as the view's status and position ask for. poll_after is never 0.
void advise(TicketView& view, TicketNumber number, const LinePace& pace);

}  // namespace tacos::gateway
