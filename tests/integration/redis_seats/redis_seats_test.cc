#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis_seats_under_test.h"
#include "tacos-gateway/redis_seats/seat_scripts.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = SeatCommand::Kind;

class RedisSeatsTest : public testing::Test {
 protected:
  struct Gateway {
    Gateway(support::RedisServer& redis, const LineOptions& options, core::Nanos timeout, const core::Clock& time,
            core::Nanos hold_ttl = seconds(60))
        : on("unix://" + redis.socket_path(), options, hold_ttl, timeout, time),
          line(on.redis.store().open_session(on.redis.loop().get_executor())),
          seats(on.seats.open_session(on.redis.loop().get_executor())) {}
    RedisSeatGateway on;
    std::unique_ptr<StoreSession> line;
    std::unique_ptr<SeatSession> seats;
  };
  std::unique_ptr<Gateway> start() { return std::make_unique<Gateway>(server, line, timeout, clock); }

  static SeatCommand run(Gateway& gateway, SeatCommand command) {
    bool done = false;
    command.context = &done;
    command.done = [](SeatCommand& c) { *static_cast<bool*>(c.context) = true; };
    gateway.seats->submit(command);
    gateway.on.redis.run_until([&] { return done; });
    EXPECT_TRUE(done);
    return command;
  }
  static StoreCommand ask(Gateway& gateway, StoreCommand command) {
    bool done = false;
    command.owner = &done;
    command.done = [](StoreCommand& c) { *static_cast<bool*>(c.owner) = true; };
    StoreCommand* batch[] = {&command};
    gateway.line->submit(batch);
    gateway.on.redis.run_until([&] { return done; });
    EXPECT_TRUE(done);
    return command;
  }
  static StoreCommand ask(Gateway& gateway, StoreCommand::Kind kind, const TicketRef& ref) {
    StoreCommand command;
    command.kind = kind;
    command.ref = ref;
    return ask(gateway, command);
  }
  static TicketRef ticket(Gateway& gateway, std::uint64_t user) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kJoin;
    command.event_id = "e1";
    command.user = {user, user};
    return ask(gateway, command).ref;
  }
  static SeatCommand hold(Gateway& gateway, const TicketRef& owner, std::uint32_t quantity,
                          std::vector<std::uint32_t> wanted = {}) {
    SeatCommand command;
    command.kind = Kind::kHold;
    command.owner = owner;
    command.attempt = "a";
    command.quantity = quantity;
    command.wanted = std::move(wanted);
    return run(gateway, std::move(command));
  }
  static SeatCommand about(Gateway& gateway, Kind kind, const SeatCommand& held) {
    SeatCommand command;
    command.kind = kind;
    command.owner = held.owner;
    command.reservation_id = held.reservation.reservation_id;
    command.intent.amount = held.reservation.amount;
    command.intent.currency = "USD";
    return run(gateway, std::move(command));
  }
  static KeyClaim claim(Gateway& gateway, const std::string& key, const TicketRef& owner = {}) {
    SeatCommand command;
    command.kind = Kind::kClaimKey;
    command.key.owner = owner;
    command.key.scoped_key = key;
    command.key.body = "body";
    return run(gateway, std::move(command)).key;
  }
  static std::string key_of(const TicketRef& ref, const char* suffix) {
    return std::string(LineKey::of_event(ref.event).text()) + suffix;
  }
  int held_seats(const TicketRef& ref) {
    return std::stoi("0" + server.ask({"HGET", key_of(ref, ""), "held"}).substr(1));
  }
  // With all that it has begun: what is asked behind it is answered behind it.
  static void sweep(Gateway& gateway) {
    gateway.seats->sweep();
    SeatCommand behind;
    behind.kind = Kind::kCancel;
    behind.owner.event = event_key("e1");
    run(gateway, behind);
  }
  // Keeps the server from answering: what arrives meanwhile is done afterwards.
  void keep_busy(int milliseconds_long) {
    server.send({"EVAL",
                 "local function ms() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end "
                 "local to = ms() + ARGV[1] while ms() < to do end return 1",
                 "0", std::to_string(milliseconds_long)});
  }

  support::RedisServer& server = fresh_redis();
  core::ManualClock clock;
  LineOptions line{.seats = 20};
  core::Nanos timeout = seconds(5);
};

// The hold is executed though its answer never came; whoever repeats it gets that very reservation.
TEST_F(RedisSeatsTest, AHoldWhoseAnswerIsLostIsFoundByItsRepeat) {
  timeout = milliseconds(100);
  const auto one = start();
  const auto two = start();
  const TicketRef ann = ticket(*one, 1);
  ASSERT_EQ(hold(*one, ticket(*one, 2), 1).outcome, SeatOutcome::kOk);
  keep_busy(400);
  std::thread flusher([this] { server.settle(); });
  std::this_thread::sleep_for(milliseconds(50));
  EXPECT_EQ(hold(*one, ann, 2).outcome, SeatOutcome::kUnavailable);
  flusher.join();
  const auto limit = std::chrono::steady_clock::now() + seconds(10);
  while (held_seats(ann) < 3) ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it was not done";
  const auto again = hold(*two, ann, 2);
  ASSERT_EQ(again.outcome, SeatOutcome::kOk);
  EXPECT_EQ(held_seats(ann), 3);
  EXPECT_EQ(server.ask_number({"BITCOUNT", key_of(ann, ":seats")}), 3);
}

TEST_F(RedisSeatsTest, ALostRedisIsUnavailableAndSellsAgainWhenItIsBack) {
  support::RedisServer own;
  Gateway gateway(own, line, milliseconds(100), clock);
  const TicketRef ann = ticket(gateway, 1);
  own.kill_now();
  EXPECT_EQ(hold(gateway, ann, 1).outcome, SeatOutcome::kUnavailable);
  own.start_again();
  EXPECT_EQ(hold(gateway, ann, 1).outcome, SeatOutcome::kNotFound) << "it came back empty: the line has begun anew";
}

TEST_F(RedisSeatsTest, TheClaimOfAGatewayThatDiedLapses) {
  const auto one = start();
  EXPECT_EQ(claim(*one, "k").claim, Claim::kFresh);
  clock.advance(seconds(29));
  EXPECT_EQ(claim(*one, "k").claim, Claim::kInFlight);
  clock.advance(seconds(1));
  const KeyClaim resumed = claim(*one, "k");
  EXPECT_EQ(resumed.claim, Claim::kFresh);
  EXPECT_TRUE(resumed.resumed);
}

TEST_F(RedisSeatsTest, AnOvertakenClaimDoesNotSettleTheKey) {
  const auto one = start();
  const KeyClaim slow = claim(*one, "k");
  clock.advance(minutes(1));
  ASSERT_TRUE(claim(*one, "k").resumed);
  SeatCommand late;
  late.kind = Kind::kAbandonKey;
  late.key = slow;
  run(*one, late);
  EXPECT_EQ(claim(*one, "k").claim, Claim::kInFlight);
}

// The answer to a claim got lost, and the link sends the very claim again: what the first was told, the second is too.
TEST_F(RedisSeatsTest, AClaimThatIsSentAgainIsStillToldThatAnEarlierOneWasBrokenOff) {
  const auto scripts = make_seat_scripts();
  const std::string text((*scripts)[static_cast<std::size_t>(SeatScript::kKeyClaim)].text);
  const std::string resumed = "local r = (function() " + text + "\nend)() return r[1] * 10 + (r[2] or 0)";
  const ClientKey key = client_key({});
  const std::string field(32, 'f');
  const std::string body(32, 'b');
  const auto claimed_by = [&](char id, const char* time_us) {
    return server.ask_number({"EVAL", resumed, "1", std::string(key.data(), key.size()), time_us, field,
                              std::string(16, id), body, "5000", "600000", "64", "1024"});
  };
  EXPECT_EQ(claimed_by('1', "1000000"), 0);
  EXPECT_EQ(claimed_by('1', "1000000"), 0) << "there was none before";
  EXPECT_EQ(claimed_by('2', "2000000"), 10) << "in flight";
  EXPECT_EQ(claimed_by('2', "9000000"), 1);
  EXPECT_EQ(claimed_by('2', "9000000"), 1);
}

// A gateway died between holding the seats and burning the grant.
TEST_F(RedisSeatsTest, AGrantThatWasClaimedAndHasAReservationBecomesSpent) {
  line.heartbeat_ttl = std::chrono::hours(1);
  line.admission_burst = 10;
  const auto gateway = start();
  const TicketRef ann = ticket(*gateway, 1);
  const TicketRef bob = ticket(*gateway, 2);
  gateway->on.redis.tick();
  for (const TicketRef& ref : {ann, bob}) {
    ASSERT_EQ(ask(*gateway, StoreCommand::Kind::kEnter, ref).outcome, StoreOutcome::kOk);
    ASSERT_EQ(ask(*gateway, StoreCommand::Kind::kClaimGrant, ref).outcome, StoreOutcome::kOk);
  }
  const auto held = hold(*gateway, ann, 2);
  ticket(*gateway, 3);  // so that the line is looked after
  clock.advance(minutes(6));
  gateway->on.redis.tick();
  EXPECT_EQ(ask(*gateway, StoreCommand::Kind::kClaimGrant, ann).outcome, StoreOutcome::kSpent);
  EXPECT_EQ(ask(*gateway, StoreCommand::Kind::kClaimGrant, bob).outcome, StoreOutcome::kExpired);
  EXPECT_EQ(hold(*gateway, ann, 2).outcome, SeatOutcome::kLapsed);
}

TEST_F(RedisSeatsTest, WhatWasReleasedIsForgottenAfterAnHourAndWhatWasSoldIsKept) {
  const auto gateway = start();
  const auto given_back = hold(*gateway, ticket(*gateway, 1), 2);
  const auto sold = hold(*gateway, ticket(*gateway, 2), 2);
  const std::string reservations = key_of(sold.owner, ":reservations");
  const std::string payments = key_of(sold.owner, ":payments");
  SeatCommand pay;
  pay.kind = Kind::kPay;
  pay.owner = sold.owner;
  pay.intent.id = about(*gateway, Kind::kMakeIntent, sold).intent.id;
  pay.approve = true;
  run(*gateway, pay);
  SeatCommand confirm = pay;
  confirm.kind = Kind::kConfirm;
  confirm.reservation_id = sold.reservation.reservation_id;
  ASSERT_EQ(run(*gateway, confirm).outcome, SeatOutcome::kOk);
  about(*gateway, Kind::kMakeIntent, given_back);
  about(*gateway, Kind::kCancel, given_back);
  clock.advance(minutes(59));
  sweep(*gateway);
  EXPECT_EQ(server.ask_number({"HLEN", reservations}), 2);
  EXPECT_EQ(server.ask_number({"HLEN", payments}), 2);
  clock.advance(minutes(1));
  sweep(*gateway);
  EXPECT_EQ(server.ask_number({"HLEN", reservations}), 1);
  EXPECT_EQ(server.ask_number({"HLEN", payments}), 1);
  EXPECT_EQ(server.ask_number({"ZCARD", key_of(sold.owner, ":holds")}), 0);
  EXPECT_EQ(run(*gateway, confirm).outcome, SeatOutcome::kOk) << "the order is still told";
  EXPECT_EQ(server.ask_number({"TTL", reservations}), -1);
}

// However many intents a reservation makes, the Redis keeps one.
TEST_F(RedisSeatsTest, AReplacedIntentIsNotKept) {
  const auto gateway = start();
  const auto held = hold(*gateway, ticket(*gateway, 1), 1);
  const long long keys = server.ask_number({"DBSIZE"});
  std::string last;
  for (int i = 0; i < 30; ++i) last = about(*gateway, Kind::kMakeIntent, held).intent.id;
  EXPECT_EQ(server.ask_number({"DBSIZE"}), keys + 1);
  EXPECT_EQ(server.ask({"HGET", key_of(held.owner, ":payments"), "1"}), "$" + last + "|100|USD|c|20");
}

// The link sends a command again when its answer got lost: the same intent, not another.
TEST_F(RedisSeatsTest, AnIntentThatIsSentAgainIsTheSame) {
  const auto gateway = start();
  const auto held = hold(*gateway, ticket(*gateway, 1), 1);
  const auto scripts = make_seat_scripts();
  const std::string text((*scripts)[static_cast<std::size_t>(SeatScript::kIntent)].text);
  const std::string epoch = std::to_string(held.owner.epoch);
  const auto send = [&](const char* id) {
    return server.ask_number({"EVAL", "local r = (function() " + text + "\nend)() return r[1]", "1",
                              key_of(held.owner, ""), "1", "1", epoch, held.reservation.reservation_id, id, "100",
                              "USD", "20"});
  };
  EXPECT_EQ(send("pay_1"), 0);
  EXPECT_EQ(send("pay_1"), 0);
  EXPECT_EQ(server.ask({"HGET", key_of(held.owner, ":payments"), "1"}), "$pay_1|100|USD|c|1") << "counted once";
}

// Made by a gateway of an earlier version, which knew no price.
TEST_F(RedisSeatsTest, AnEventWithoutAPriceIsPaidForAsBefore) {
  const auto gateway = start();
  const TicketRef ann = ticket(*gateway, 1);
  server.ask({"HDEL", key_of(ann, ""), "price", "currency"});
  const auto held = hold(*gateway, ann, 1);
  EXPECT_EQ(held.reservation.currency, "");
  SeatCommand intent;
  intent.kind = Kind::kMakeIntent;
  intent.owner = ann;
  intent.reservation_id = held.reservation.reservation_id;
  intent.intent.amount = 7;
  intent.intent.currency = "EUR";
  const auto made = run(*gateway, intent);
  EXPECT_EQ(made.outcome, SeatOutcome::kOk);
  EXPECT_EQ(made.intent.amount, 7u);
  EXPECT_EQ(made.intent.currency, "EUR");
}

TEST_F(RedisSeatsTest, IdempotencyKeysLiveForTenMinutesAfterTheLastAnswer) {
  const auto gateway = start();
  SeatCommand done;
  done.kind = Kind::kFinishKey;
  done.key = claim(*gateway, "k");
  done.key.status = 200;
  done.key.answer = "{}";
  run(*gateway, done);
  const ClientKey place = client_key({});
  const std::string key(place.data(), place.size());
  const long long life_ms = server.ask_number({"PTTL", key});
  EXPECT_TRUE(life_ms > 600'000 && life_ms <= 630'000) << life_ms << ": as long as a claim may live besides";
  const long long keys = server.ask_number({"DBSIZE"});
  claim(*gateway, "another");
  EXPECT_EQ(server.ask_number({"DBSIZE"}), keys) << "a ticket's keys lie in one";
  claim(*gateway, "another's", {1, 2, 3});
  EXPECT_EQ(server.ask_number({"DBSIZE"}), keys + 1);
}

// A bounded slice a call, so that nobody else waits for long; and the next at once, so that a crowd's seats come back
// together.
TEST_F(RedisSeatsTest, ASweepFreesAHundredReservationsAfterTheOther) {
  line.seats = 1000;
  const auto gateway = start();
  for (std::uint64_t user = 1; user <= 250; ++user) hold(*gateway, ticket(*gateway, user), 2);
  const TicketRef any = ticket(*gateway, 1);
  clock.advance(minutes(2));
  sweep(*gateway);
  const int left = held_seats(any);
  EXPECT_TRUE(left == 300 || left == 100) << left;
  gateway->on.redis.run_until([&] { return held_seats(any) == 0; });
  EXPECT_EQ(held_seats(any), 0) << "without another sweep";
}

// The cost of a hold must not grow with the event: a million seats take a bit each, and no hold walks over them.
TEST_F(RedisSeatsTest, AMillionSeatsTakeABitEach) {
  line.seats = 1'000'000;
  const auto gateway = start();
  const auto last = hold(*gateway, ticket(*gateway, 1), 0, {1'000'000});
  ASSERT_EQ(last.outcome, SeatOutcome::kOk);
  EXPECT_LE(server.ask_number({"STRLEN", key_of(last.owner, ":seats")}), 125'000);
  const auto first = hold(*gateway, ticket(*gateway, 2), 10);
  EXPECT_THAT(first.reservation.seats, ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  about(*gateway, Kind::kCancel, first);
  EXPECT_THAT(hold(*gateway, ticket(*gateway, 3), 3).reservation.seats, ::testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(hold(*gateway, ticket(*gateway, 4), 0, {5, 7}).outcome, SeatOutcome::kOk);
  EXPECT_THAT(hold(*gateway, ticket(*gateway, 5), 7).reservation.seats, ::testing::ElementsAre(4, 6, 8, 9, 10, 11, 12));
}

}  // namespace
}  // namespace tacos::gateway
