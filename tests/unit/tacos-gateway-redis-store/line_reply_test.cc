// What the scripts tell, and what they would tell if somebody else had written the line's keys.

#include "tacos-gateway/redis_store/line_reply.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "redis/redis_reply.h"
#include "tacos-gateway/redis_store/event_mirror.h"

namespace tacos::gateway {
namespace {

using core::Instant;
using redis::RedisReply;
using redis::RedisReplyReader;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// A list of whole numbers as a script replies it.
class Told {
 public:
  explicit Told(const std::vector<std::int64_t>& numbers) {
    std::string bytes = fmt::format("*{}\r\n", numbers.size());
    for (const std::int64_t number : numbers) bytes += fmt::format(":{}\r\n", number);
    reader_.feed(bytes);
    EXPECT_EQ(reader_.next(), RedisReplyReader::Status::kReply);
  }
  const RedisReply& reply() const { return reader_.reply(); }

 private:
  RedisReplyReader reader_;
};

// outcome, status, number, position, waited, until open, rate, epoch, user, grant's end, last, head, sold, at,
// heartbeat, failovers
const std::vector<std::int64_t> kTicket = {0, 0, 5, 3,      1000,   0, 1'000'000'000, 7, 0, 1'795'000'000'000,
                                           9, 2, 0, 60'000, 60'000, 0};
// outcome, epoch, last, head, sold, rate, opens, began, now, heartbeat, buckets, turn, grant,
// failovers, gaps, lost, restored, departures in all, first told
const std::vector<std::int64_t> kFacts = {0,
                                          7,
                                          9,
                                          2,
                                          0,
                                          1'000'000'000,
                                          1'795'000'000'000'000,
                                          1'795'000'000'000'000,
                                          1'795'000'001'000'000,
                                          60'000,
                                          1,
                                          30'000,
                                          30'000,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0,
                                          0};

std::vector<std::int64_t> with(std::vector<std::int64_t> numbers, std::size_t index, std::int64_t value) {
  numbers[index] = value;
  return numbers;
}

TEST(LineReply, ATicketIsReadWholeOrNotAtAll) {
  const TicketReply ticket = read_ticket_reply(Told(kTicket).reply());
  EXPECT_TRUE(ticket.whole);
  EXPECT_EQ(ticket.number, 5u);
  EXPECT_EQ(ticket.last, 9u);
  for (const std::size_t index : {2u, 3u, 4u, 5u, 6u, 7u, 9u, 10u, 11u, 13u, 14u}) {
    EXPECT_FALSE(read_ticket_reply(Told(with(kTicket, index, kMost)).reply()).whole) << index;
    EXPECT_FALSE(read_ticket_reply(Told(with(kTicket, index, -1)).reply()).whole) << index;
  }
  EXPECT_TRUE(read_ticket_reply(Told(with(kTicket, 10, 100'000'000)).reply()).whole);
  EXPECT_FALSE(read_ticket_reply(Told(with(kTicket, 10, 100'000'001)).reply()).whole);
}

TEST(LineReply, FactsAreReadWholeOrNotAtAll) {
  LineFacts facts;
  EXPECT_TRUE(read_line_facts(Told(kFacts).reply(), facts));
  EXPECT_EQ(facts.last, 9u);
  for (const std::size_t index : {1u, 2u, 3u, 5u, 6u, 7u, 8u, 9u, 11u, 12u, 17u, 18u}) {
    EXPECT_FALSE(read_line_facts(Told(with(kFacts, index, kMost)).reply(), facts)) << index;
    EXPECT_FALSE(read_line_facts(Told(with(kFacts, index, -1)).reply(), facts)) << index;
  }
  EXPECT_FALSE(read_line_facts(Told({0, 7, 9}).reply(), facts));
}

TEST(LineReply, AnOutcomeIsOneThatTheStoreKnows) {
  EXPECT_EQ(outcome_of(Told({9}).reply()), 9);
  EXPECT_EQ(outcome_of(Told({11}).reply()), 11);
  EXPECT_EQ(outcome_of(Told({kNoEvent}).reply()), kNoEvent);
  for (const std::int64_t unknown : {std::int64_t{12}, std::int64_t{-1}, std::int64_t{99}, kMost}) {
    EXPECT_EQ(outcome_of(Told({unknown}).reply()), -1) << unknown;
  }
  EXPECT_EQ(outcome_of(Told({}).reply()), -1);
}

TEST(EventMirror, DoesNotFollowALineWithoutEnd) {
  EventMirror mirror;
  const Instant now = Instant() + std::chrono::hours(1);
  mirror.learn(read_ticket_reply(Told(kTicket).reply()), now);
  LineFacts facts;
  ASSERT_TRUE(read_line_facts(Told(kFacts).reply(), facts));
  mirror.take_facts(facts, now);
  mirror.learn_progress(static_cast<TicketNumber>(kMost), 3, false, 0);
  mirror.learn_progress(9, static_cast<TicketNumber>(kMost), false, 0);
  StoreCommand command;
  command.ref = {7, 0, 5};
  ASSERT_EQ(mirror.answer(command, now), EventMirror::Answer::kFresh);
  EXPECT_EQ(command.view.position, 3u);
}

TEST(EventMirror, GivesUpItsMemoryWithTheLineAndWithTheEvent) {
  EventMirror mirror;
  const Instant now = Instant() + std::chrono::hours(1);
  LineFacts facts;
  ASSERT_TRUE(read_line_facts(Told(kFacts).reply(), facts));
  facts.departures_in_all = facts.departures_from = 0;
  facts.departures.clear();
  facts.head = 0;
  facts.last = 100'000;
  mirror.take_facts(facts, now);
  TicketReply ticket = read_ticket_reply(Told(kTicket).reply());
  ticket.status = TicketStatus::kWaiting;
  ticket.epoch = facts.epoch;
  ticket.failovers = facts.failovers;
  ticket.last = facts.last;
  ticket.head = 0;
  for (ticket.number = 1; ticket.number <= facts.last; ++ticket.number) mirror.learn(ticket, now);
  const std::size_t whole = mirror.memory_bytes();
  EXPECT_GT(whole, 800'000u) << "eight bytes a ticket";
  mirror.learn_progress(facts.last, 50'000, false, facts.failovers);
  EXPECT_LT(mirror.memory_bytes(), whole * 6 / 10) << "half of the line has been called";
  EXPECT_EQ(mirror.line().head, 50'000u);
  mirror.listed(false);
  EXPECT_FALSE(mirror.asleep()) << "what it knows, the store may have";
  mirror.forget();
  EXPECT_EQ(mirror.memory_bytes(), 0u);
  mirror.listed(false);
  EXPECT_TRUE(mirror.asleep());
  mirror.learn(ticket, now);
  EXPECT_FALSE(mirror.asleep()) << "somebody has joined again";
}

TEST(EventMirror, AsksForMoreDeparturesOnlyWhenItWasToldSome) {
  EventMirror mirror;
  const Instant now = Instant() + std::chrono::hours(1);
  LineFacts facts;
  ASSERT_TRUE(read_line_facts(Told(with(kFacts, 17, 3)).reply(), facts));
  EXPECT_FALSE(mirror.take_facts(facts, now)) << "three in all, none told: asking again would not end";
  facts.departures = {4};
  EXPECT_TRUE(mirror.take_facts(facts, now));
  facts.departures_from = 1;
  facts.departures = {5, 6};
  EXPECT_FALSE(mirror.take_facts(facts, now));
}

}  // namespace
}  // namespace tacos::gateway
