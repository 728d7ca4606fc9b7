#include "tacos-gateway/redis_store/line_reply.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "tacos-gateway/redis_store/line_scripts.h"
#include "tacos-gateway/redis_store/script_call.h"

namespace tacos::gateway {
namespace {

std::int64_t signed_at(const redis::RedisReply& reply, std::size_t index) {
  return reply.at(index).as_integer().value_or(0);
}

struct Bound {
  std::size_t index;
  std::uint64_t most;
};

bool within(const redis::RedisReply& reply, std::span<const Bound> bounds) {
  return std::all_of(bounds.begin(), bounds.end(), [&](const Bound& bound) {
    const std::int64_t number = signed_at(reply, bound.index);
    return number >= 0 && static_cast<std::uint64_t>(number) <= bound.most;
  });
}

constexpr std::uint64_t kMostEpoch = std::numeric_limits<std::uint32_t>::max();
constexpr std::array kTicketBounds = {Bound{2, kMostTickets}, Bound{3, kMostTickets},   Bound{4, kMostMs},
                                      Bound{5, kMostUs},      Bound{6, kMostMicroRate}, Bound{7, kMostEpoch},
                                      Bound{9, kMostMs},      Bound{10, kMostTickets},  Bound{11, kMostTickets},
                                      Bound{13, kMostMs},     Bound{14, kMostMs}};
constexpr std::array kFactBounds = {Bound{1, kMostEpoch},     Bound{2, kMostTickets},  Bound{3, kMostTickets},
                                    Bound{5, kMostMicroRate}, Bound{6, kMostUs},       Bound{7, kMostUs},
                                    Bound{8, kMostUs},        Bound{9, kMostMs},       Bound{11, kMostMs},
                                    Bound{12, kMostMs},       Bound{17, kMostTickets}, Bound{18, kMostTickets}};
constexpr std::array kSpreadBounds = {
    Bound{2, kMostEpoch}, Bound{3, kMostUs}, Bound{4, kMostUs},      Bound{5, kMostMicroRate}, Bound{6, kMostMs},
    Bound{7, kMostMs},    Bound{8, kMostMs}, Bound{9, kMostTickets}, Bound{10, kMostTickets},  Bound{11, kMostTickets}};
constexpr std::size_t kMostGaps = 1000;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::uint32_t buckets_at(const redis::RedisReply& reply, std::size_t index) {
  const std::int64_t buckets = signed_at(reply, index);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(buckets, 1, kMostBuckets));
}

// "12-131084 200000-331072 "
void read_gaps(std::string_view text, std::vector<NumberGap>& gaps) {
  gaps.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    NumberGap gap;
    const auto after = std::from_chars(at, end, gap.after);
    if (after.ec != std::errc() || after.ptr == end || *after.ptr != '-') return;
    const auto upto = std::from_chars(after.ptr + 1, end, gap.upto);
    if (upto.ec != std::errc()) return;
    // One for each failover, in order.
    if (gaps.size() == kMostGaps || gap.upto > kMostTickets || gap.after > gap.upto) return;
    gaps.push_back(gap);
    at = upto.ptr == end ? end : upto.ptr + 1;
  }
}

}  // namespace

std::int64_t outcome_of(const redis::RedisReply& reply) {
  if (!reply.is_array()) return -1;
  const std::int64_t outcome = reply.at(0).as_integer().value_or(-1);
  const bool known = outcome == kNoEvent || outcome == kSpread ||
                     (outcome >= 0 && outcome <= static_cast<int>(StoreOutcome::kNotDeclared));
  return known ? outcome : -1;
}

std::uint64_t number_at(const redis::RedisReply& reply, std::size_t index) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, signed_at(reply, index)));
}

TicketReply read_ticket_reply(const redis::RedisReply& reply) {
  TicketReply ticket;
  ticket.outcome = outcome_of(reply);
  if (reply.elements().size() < 16 || !within(reply, kTicketBounds)) return ticket;
  ticket.whole = true;
  ticket.status = static_cast<TicketStatus>(std::min<std::uint64_t>(number_at(reply, 1), 5));
  ticket.number = number_at(reply, 2);
  ticket.position = number_at(reply, 3);
  ticket.waited_ms = number_at(reply, 4);
  ticket.until_open_us = signed_at(reply, 5);
  ticket.rate_micro = number_at(reply, 6);
  ticket.epoch = static_cast<std::uint32_t>(number_at(reply, 7));
  const std::string_view user = reply.at(8).text();
  if (user.size() == 16) ticket.user = {big_endian(user.substr(0, 8)), big_endian(user.substr(8))};
  ticket.grant_expires_unix_ms = signed_at(reply, 9);
  ticket.last = number_at(reply, 10);
  ticket.head = number_at(reply, 11);
  ticket.sold_out = number_at(reply, 12) == 1;
  ticket.at_ms = number_at(reply, 13);
  ticket.heartbeat_ms = number_at(reply, 14);
  ticket.failovers = number_at(reply, 15);
  ticket.reserved = number_at(reply, 16) == 1;
  return ticket;
}

std::optional<EventTerms> read_terms(std::string_view text) {
  std::array<std::uint64_t, 5> numbers{};  // seats, rate, burst, opening, price
  for (std::uint64_t& number : numbers) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr == text.data() + text.size() || *read.ptr != '|') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
  }
  if (numbers[0] > kMostTickets || numbers[1] > kMostMicroRate || numbers[3] > kMostMs) return std::nullopt;
  EventTerms terms;
  terms.seats = numbers[0];
  terms.admission_rate = core::Rate::per_second(static_cast<double>(numbers[1]) / 1e6);
  terms.admission_burst = static_cast<double>(numbers[2]);
  terms.opens_unix_ms = static_cast<std::int64_t>(numbers[3]);
  terms.price = numbers[4];
  terms.currency = text;
  return terms;
}

std::string terms_text(const EventTerms& terms) {
  return fmt::format("{}|{}|{}|{}|{}|{}", terms.seats, micro_rate(terms.admission_rate),
                     whole_burst(terms.admission_burst), terms.opens_unix_ms, terms.price, terms.currency);
}

TicketNumber read_spread_reply(const redis::RedisReply& reply, LineFacts& facts) {
  if (reply.elements().size() < kSpreadElements || !within(reply, kSpreadBounds)) return 0;
  facts.buckets = buckets_at(reply, 1);
  facts.epoch = static_cast<std::uint32_t>(number_at(reply, 2));
  facts.began_us = signed_at(reply, 3);
  facts.opens_us = signed_at(reply, 4);
  facts.rate_micro = number_at(reply, 5);
  facts.heartbeat_ms = number_at(reply, 6);
  facts.turn_ms = number_at(reply, 7);
  facts.grant_ms = number_at(reply, 8);
  facts.last = number_at(reply, 10);
  facts.head = number_at(reply, 11);
  facts.sold_out = number_at(reply, 12) == 1;
  facts.failovers = number_at(reply, 13);
  return number_at(reply, 9);
}

bool read_line_facts(const redis::RedisReply& reply, LineFacts& facts) {
  if (reply.elements().size() < 19 || !within(reply, kFactBounds)) return false;
  facts.epoch = static_cast<std::uint32_t>(number_at(reply, 1));
  facts.last = number_at(reply, 2);
  facts.head = number_at(reply, 3);
  facts.sold_out = number_at(reply, 4) == 1;
  facts.rate_micro = number_at(reply, 5);
  facts.opens_us = signed_at(reply, 6);
  facts.began_us = signed_at(reply, 7);
  facts.now_us = signed_at(reply, 8);
  facts.heartbeat_ms = number_at(reply, 9);
  facts.buckets = buckets_at(reply, 10);
  facts.turn_ms = number_at(reply, 11);
  facts.grant_ms = number_at(reply, 12);
  facts.failovers = number_at(reply, 13);
  read_gaps(reply.at(14).text(), facts.gaps);
  facts.lost = number_at(reply, 15);
  facts.restored = number_at(reply, 16);
  facts.departures_in_all = number_at(reply, 17);
  facts.departures_from = number_at(reply, 18);
  facts.departures.clear();
  for (std::size_t i = 19; i < reply.elements().size(); ++i) facts.departures.push_back(number_at(reply, i));
  return true;
}

}  // namespace tacos::gateway
