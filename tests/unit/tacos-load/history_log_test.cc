#include "tacos-load/history/history_log.h"

#include <fstream>
#include <sstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tacos-load/journey/queue_journey.h"

namespace tacos::load {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class HistoryLogTest : public testing::Test {
 protected:
  HistoryLogTest() : path(testing::TempDir() + "history-" + std::to_string(::getpid())) {
    log = std::move(*HistoryLog::create(path, "start_unix_us=17 seed=3"));
  }
  ~HistoryLogTest() override { std::remove(path.c_str()); }

  std::vector<std::string> lines() {
    EXPECT_TRUE(log->finish().has_value());
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  std::string path;
  std::unique_ptr<HistoryLog> log;
};

TEST_F(HistoryLogTest, ALineHasEveryColumnAndADashForWhatIsNot) {
  HistoryLine line;
  line.intended = microseconds(1500) + core::Nanos(999);
  line.sent = microseconds(1600);
  line.done = microseconds(2600);
  line.user = 41;
  line.step = "status";
  line.status = 200;
  line.target = 1;
  line.ticket = "tok";
  line.state = "waiting";
  line.position = 7;
  line.poll_after_ms = 3000;
  line.stale = true;
  log->append(line);
  line = HistoryLine{};
  line.step = "enter";
  line.outcome = measure::Outcome::kReset;
  log->append(line);
  EXPECT_THAT(
      lines(),
      ElementsAre(
          "#tacos.history/1\tintended_us\tsent_us\tdone_us\tuser\tstep\toutcome\tstatus\terror\ttarget\tticket\t"
          "state\tposition\tpoll_after_ms\tready\tstale\tgrant\treservation\tseats\tpayment\torder",
          "#run\tstart_unix_us=17 seed=3",
          "1500\t1600\t2600\t41\tstatus\tok\t200\t-\t1\ttok\twaiting\t7\t3000\t0\t1\t-\t-\t-\t-\t-",
          "0\t0\t0\t0\tenter\treset\t0\t-\t-\t-\t-\t-\t0\t0\t0\t-\t-\t-\t-\t-", "#end\t2"));
}

TEST_F(HistoryLogTest, AServersTextBreaksNoLineAndNoColumnAndIsBounded) {
  HistoryLine line;
  line.error = "A\tB\nC\x7F";
  const std::string spaces(10, ' ');
  line.ticket = spaces;
  const std::string endless(100'000, 'x');
  line.order = endless;
  log->append(line);
  const auto all = lines();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_THAT(all[2], AllOf(HasSubstr("\tA?B?C?\t"), HasSubstr("\t??????????\t")));
  EXPECT_LT(all[2].size(), 1000u);
}

TEST_F(HistoryLogTest, WhatIsMoreThanTheBufferHoldsArrivesWhole) {
  HistoryLine line;
  line.ticket = "AQAAAAEAAAAAAAAAAQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAA";
  for (std::uint64_t user = 0; user < 20'000; ++user) {
    line.user = user;
    log->append(line);
  }
  const auto all = lines();
  ASSERT_EQ(all.size(), 20'003u);
  EXPECT_THAT(all[20'001], StartsWith("0\t0\t0\t19999\t"));
  EXPECT_EQ(all[20'002], "#end\t20000");
}

TEST(HistoryLog, NamesAFileThatCanNotBeWritten) {
  const auto log = HistoryLog::create("/nowhere/at/all/h.0", "");
  ASSERT_TRUE(log.has_error());
  EXPECT_THAT(log.error().message, AllOf(HasSubstr("--history"), HasSubstr("'/nowhere/at/all/h.0'")));
}

TEST(HistoryLog, AFullDiskIsToldAtTheEnd) {
  auto log = std::move(*HistoryLog::create("/dev/full", ""));
  log->append({});
  const auto finished = log->finish();
  ASSERT_TRUE(finished.has_error());
  EXPECT_THAT(finished.error().message, HasSubstr("No space left on device"));
}

// What a journey says of its requests and answers.
TEST(JourneyHistory, NamesTicketGrantAndReservationAsTheyAreSentAndAnswered) {
  QueueJourneyPlan plan;
  plan.event_id = "e";
  QueueJourney journey(plan, UserShare{.users = 2, .worker = 1, .workers = 3});
  const UserId user = journey.take(core::Nanos(0));
  Request request;
  const auto exchange = [&](core::Nanos at, int status, std::string_view body) {
    if (at > core::Nanos(0)) {
      EXPECT_EQ(journey.take(at), user);
    }
    const auto step = journey.prepare(user, at, request);
    HistoryLine line;
    journey.describe_request(user, step, line);
    Response response;
    response.status = status;
    response.body = body;
    journey.on_answer(user, step, at, at + microseconds(10), response);
    journey.describe_answer(line);
    return line;
  };
  HistoryLine line = exchange({}, 202, R"({"waiting_token":"t","position":4,"status":"waiting","poll_after_ms":900})");
  EXPECT_EQ(line.user, 1u) << "worker 1 of 3 begins with user 1";
  EXPECT_EQ(line.step, "join");
  EXPECT_EQ(line.ticket, "t");
  EXPECT_EQ(line.position, 4u);
  EXPECT_EQ(line.poll_after_ms, 900u);
  line = exchange(seconds(11), 200, R"({"status":"ready","ready_for_entry":true,"stale":true})");
  EXPECT_EQ(line.state, "ready");
  EXPECT_TRUE(line.ready && line.stale);
  EXPECT_FALSE(line.position);
  line = exchange(seconds(20), 200, R"({"reservation_token":"g"})");
  EXPECT_EQ(line.grant, "g");
  line = exchange(seconds(30), 201, R"({"reservation_id":"r","seat_ids":["7","8"]})");
  EXPECT_EQ(line.grant, "g");
  EXPECT_EQ(line.reservation, "r");
  EXPECT_EQ(line.seat_ids, R"(["7","8"])");
  line = exchange(seconds(40), 503, R"({"error":{"code":"STORE_UNAVAILABLE"}})");
  EXPECT_EQ(line.step, "pay_intent");
  EXPECT_EQ(line.reservation, "r");
  EXPECT_EQ(line.error, "STORE_UNAVAILABLE");
  exchange(seconds(50), 200, R"({"payment_intent_id":"p"})");
  line = exchange(seconds(60), 200, R"({"status":"succeeded"})");
  EXPECT_EQ(line.payment, "p");
  line = exchange(seconds(70), 200, R"({"order_id":"o","status":"confirmed"})");
  EXPECT_EQ(line.order, "o");
  EXPECT_EQ(line.ticket, "t") << "the journey is over, the line is still about its ticket";
}

}  // namespace
}  // namespace tacos::load
