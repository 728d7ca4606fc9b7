#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/redis_reply.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// What the scripts answer beside a StoreOutcome's number: the event has not come into being, or is gone.
inline constexpr std::int64_t kNoEvent = 100;
// The event is spread over buckets: what spread_answer() tells follows, and the work goes on at a bucket.
inline constexpr std::int64_t kSpread = 101;

// Numbers beyond these are none that a script has told. A reply that has one is refused as a whole, so that nothing
// that a Redis may hold makes a gateway remember a line without end, or overflows a time.
inline constexpr std::uint64_t kMostTickets = 100'000'000;       // of one line; its own limit is half of this
inline constexpr std::uint64_t kMostMs = 4'000'000'000'000;      // of a time in ms, since 1970 or a line's beginning
inline constexpr std::uint64_t kMostUs = 4'000'000'000'000'000;  // the year 2096
inline constexpr std::uint64_t kMostMicroRate = 1'000'000'000'000'000;  // in millionths of a ticket a second

// What answer() of lua/prelude.lua tells of one ticket.
struct TicketReply {
  std::int64_t outcome = 0;  // a StoreOutcome, or kNoEvent
  bool whole = false;        // false: nothing, or nothing readable, follows the outcome
  TicketStatus status = TicketStatus::kWaiting;
  TicketNumber number = 0;
  std::uint64_t position = 0;
  std::uint64_t waited_ms = 0;
  std::int64_t until_open_us = 0;
  std::uint64_t rate_micro = 0;
  std::uint32_t epoch = 0;
  UserKey user;
  std::int64_t grant_expires_unix_ms = 0;
  TicketNumber last = 0;
  TicketNumber head = 0;
  bool sold_out = false;
  std::uint64_t at_ms = 0;
  std::uint64_t heartbeat_ms = 0;
  std::uint64_t failovers = 0;  // in gaps: it grows by one or more with each
  bool reserved = false;        // of a join: the ticket's grant has made a reservation
};

// Numbers that no ticket has: above `after`, up to `upto`.
struct NumberGap {
  TicketNumber after = 0;
  TicketNumber upto = 0;
  friend bool operator==(const NumberGap&, const NumberGap&) = default;
};

// What lua/facts.lua tells of one event.
struct LineFacts {
  std::uint32_t epoch = 0;
  TicketNumber last = 0;
  TicketNumber head = 0;
  bool sold_out = false;
  std::uint64_t rate_micro = 0;
  std::int64_t opens_us = 0;
  std::int64_t began_us = 0;
  std::int64_t now_us = 0;
  std::uint64_t heartbeat_ms = 0;
  std::uint32_t buckets = 1;
  std::uint64_t turn_ms = 0;
  std::uint64_t grant_ms = 0;
  std::uint64_t failovers = 0;  // in gaps: it grows by one or more with each
  std::vector<NumberGap> gaps;
  std::uint64_t lost = 0;      // tickets that failovers are known to have lost
  std::uint64_t restored = 0;  // of these, how many stand in line again
  std::uint64_t departures_in_all = 0;
  std::uint64_t departures_from = 0;
  std::vector<TicketNumber> departures;
};

// The first element, or -1 when the reply is none of the scripts' own, or it tells no StoreOutcome, kNoEvent nor
// kSpread.
std::int64_t outcome_of(const redis::RedisReply& reply);
std::uint64_t number_at(const redis::RedisReply& reply, std::size_t index);
TicketReply read_ticket_reply(const redis::RedisReply& reply);
// What lua/register.lua keeps of a declared event, as text; nothing when it is none. event_id is not in it.
std::optional<EventTerms> read_terms(std::string_view text);
std::string terms_text(const EventTerms& terms);
// Whether they could be read.
[[nodiscard]] bool read_line_facts(const redis::RedisReply& reply, LineFacts& facts);
// What spread_answer() of lua/prelude.lua tells: fills in what it can of the facts, and gives the ticket it is about.
// 0: the reply is not whole.
inline constexpr std::size_t kSpreadElements = 14;
TicketNumber read_spread_reply(const redis::RedisReply& reply, LineFacts& facts);

}  // namespace tacos::gateway
