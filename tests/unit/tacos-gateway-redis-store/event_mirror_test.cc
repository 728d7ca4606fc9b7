// What a gateway remembers of a line when another server takes it over.

#include "tacos-gateway/redis_store/event_mirror.h"

#include <gtest/gtest.h>

namespace tacos::gateway {
namespace {

using core::Instant;

constexpr TicketNumber kGap = 131'072;  // GAP of lua/prelude.lua

LineFacts facts_of(TicketNumber last, TicketNumber head, std::uint32_t buckets = 1) {
  LineFacts facts;
  facts.epoch = 7;
  facts.last = last;
  facts.head = head;
  facts.buckets = buckets;
  facts.heartbeat_ms = 60'000;
  return facts;
}

// As a server that took over without the tickets from 41 on tells it.
LineFacts facts_after_failover() {
  LineFacts facts = facts_of(40 + kGap, 10);
  facts.failovers = 1;
  facts.gaps = {{40, 40 + kGap}};
  return facts;
}

class EventMirrorTest : public testing::Test {
 protected:
  EventMirror mirror_;
  Instant now_{std::chrono::seconds(1)};
};

TEST_F(EventMirrorTest, KeepsWhatItKnewBeforeAFailoverUntilATickHasToldIt) {
  mirror_.take_facts(facts_of(45, 12), now_);
  mirror_.take_facts(facts_after_failover(), now_);

  const EventMirror::Knowledge known = mirror_.knowledge();
  EXPECT_EQ(known.last, 45U);
  EXPECT_EQ(known.head, 12U);
  EXPECT_EQ(known.failovers, 0U);
  EXPECT_EQ(mirror_.failovers(), 1U);

  mirror_.told(known);
  EXPECT_EQ(mirror_.knowledge().failovers, 1U);
}

TEST_F(EventMirrorTest, TellsItAgainWhenTheTickThatWasUnderWayKnewLess) {
  mirror_.take_facts(facts_after_failover(), now_);
  const EventMirror::Knowledge under_way = mirror_.knowledge();
  LineFacts second = facts_after_failover();
  second.failovers = 2;
  second.last += 5 + kGap;
  second.gaps.push_back({45 + kGap, 45 + 2 * kGap});
  mirror_.take_facts(second, now_);

  mirror_.told({under_way.last, under_way.head, 0});
  EXPECT_EQ(mirror_.knowledge().failovers, 1U);
  mirror_.told(under_way);
  EXPECT_EQ(mirror_.knowledge().failovers, 2U);
}

TEST_F(EventMirrorTest, CountsNobodyInAGap) {
  mirror_.take_facts(facts_after_failover(), now_);
  LineFacts later = facts_after_failover();
  later.last += 1;
  mirror_.take_facts(later, now_);
  EXPECT_EQ(mirror_.place_of(later.last), 31U);  // behind 11 to 40
}

TEST_F(EventMirrorTest, DoesNotTakeABucketsNumberBehindAnUnknownGapForALongerLine) {
  mirror_.take_facts(facts_of(43, 10, 8), now_);  // of which the new server has lost three
  TicketReply ticket;
  ticket.whole = true;
  ticket.epoch = 7;
  ticket.status = TicketStatus::kWaiting;
  ticket.number = ticket.last = 41 + kGap;
  ticket.head = 10;
  EXPECT_EQ(mirror_.learn(ticket, now_), 0U) << "the facts are to be asked first";
  EXPECT_EQ(mirror_.knowledge().last, 43U);

  LineFacts facts = facts_after_failover();
  facts.last = ticket.last;
  facts.buckets = 8;
  mirror_.take_facts(facts, now_);
  EXPECT_EQ(mirror_.place_of(ticket.number), 34U) << "the three may come back, and stay counted";
}

}  // namespace
}  // namespace tacos::gateway
