#include "tacos-load/run/worker.h"

#include <cmath>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "measure/recorder.h"
#include "simulated_transport.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/journey/single_request_journey.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;
using core::Rate;
using measure::Outcome;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs one worker in virtual time against a simulated server.
class WorkerTest : public testing::Test {
 protected:
  static RateStage constant(double rate, Nanos duration) {
    return {.name = "s", .from = Rate::per_second(rate), .to = Rate::per_second(rate), .duration = duration};
  }

  WorkerTest() {
    options.connections = 1000;
    options.coalesce = Nanos(0);
  }

  measure::WindowSummary run(const SimulatedTransport::Server& server) {
    start = clock.now();
    options.start = start;
    transport = std::make_unique<SimulatedTransport>(clock, server);
    for (const auto& [from, until] : freezes) transport->freeze(start + from, start + until);
    if (!journey) journey = std::make_unique<SingleRequestJourney>(SingleRequestPlan{});
    const auto steps = journey->steps();
    measure::RecorderOptions recording;
    recording.steps.assign(steps.begin(), steps.end());
    measure::Recorder recorder(recording);
    const ArrivalSchedule schedule(RateProfile(stages), Spacing::kEven, 1);
    Worker worker(options, clock, schedule.cursor(0, 1), schedule.profile().duration(), *journey, *transport, recorder,
                  stop, live);
    transport->run(worker);
    interrupted = worker.interrupted();
    record = recorder.finish();
    return record.window(Nanos(0), Nanos::max());
  }

  SimulatedTransport::Server fixed(Nanos service, int status = 200) {
    return [=](const Request&, Instant sent) { return SimulatedTransport::Answer{sent + service, status, "{}"}; };
  }

  // Answers in `service`, but for the stalls: what is sent during one is answered when it ends.
  SimulatedTransport::Server stalling(Nanos service, std::vector<std::pair<Nanos, Nanos>> stalls) {
    return [=, this](const Request&, Instant sent) {
      Instant at = sent + service;
      for (const auto& [from, until] : stalls) {
        if (sent >= start + from && sent < start + until) at = start + until + service;
      }
      return SimulatedTransport::Answer{at, 200, "{}"};
    };
  }

  static std::uint64_t outcomes(const measure::WindowSummary& all) {
    std::uint64_t sum = 0;
    for (const auto n : all.outcomes) sum += n;
    return sum;
  }
  static std::uint64_t of(const measure::WindowSummary& all, Outcome outcome) {
    return all.outcomes[static_cast<std::size_t>(outcome)];
  }

  core::ManualClock clock;
  Instant start;
  WorkerOptions options;
  std::vector<RateStage> stages{constant(1000, seconds(10))};
  std::vector<std::pair<Nanos, Nanos>> freezes;
  std::unique_ptr<Journey> journey;
  std::unique_ptr<SimulatedTransport> transport;
  std::atomic<bool> stop{false};
  LiveCounts live;
  bool interrupted = false;
  measure::RunRecord record;
};

TEST_F(WorkerTest, AnIdleServerGivesItsOwnTimeAndNothingElse) {
  const auto all = run(fixed(milliseconds(3)));
  EXPECT_EQ(all.offered, 10'000u);
  EXPECT_EQ(of(all, Outcome::kOk), 10'000u);
  EXPECT_EQ(all.steps[0].response.max(), milliseconds(3));
  EXPECT_EQ(all.steps[0].service.max(), milliseconds(3));
  EXPECT_EQ(all.dispatch_lag.max(), Nanos(0));
}

// With one stall of S in a run of D, the q-quantile of response time is base + S − (1 − q)·D for those it reaches: the
// requests due during the stall wait for its end, uniformly from S down to 0.
TEST_F(WorkerTest, AServerStallComesOutAsArithmeticSays) {
  options.connections = 3000;
  const auto all = run(stalling(milliseconds(1), {{seconds(4), seconds(6)}}));
  const auto& response = all.steps[0].response;
  for (const double q : {0.85, 0.9, 0.99, 0.999}) {
    const double expected_sec = 0.001 + 2.0 - (1 - q) * 10.0;
    EXPECT_NEAR(core::to_seconds(response.percentile(q * 100)), expected_sec, 0.005) << q;
  }
  EXPECT_NEAR(core::to_millis(response.percentile(50)), 1, 0.001);
  EXPECT_EQ(all.offered, 10'000u);
}

TEST_F(WorkerTest, TheSameStallWithFewConnectionsIsTheSameForUsersButNotForTheServer) {
  options.connections = 10;
  const auto all = run(stalling(milliseconds(1), {{seconds(4), seconds(6)}}));
  // Ten requests are stuck in the server; the other 1,990 wait in the generator for a connection, and count from when
  // they were due all the same.
  EXPECT_NEAR(core::to_seconds(all.steps[0].response.percentile(99)), 1.9, 0.25);
  EXPECT_LE(core::to_seconds(all.steps[0].service.percentile(99)), 0.01);
  EXPECT_GT(core::to_seconds(all.connection_wait.percentile(99)), 1.5);
  EXPECT_LT(core::to_seconds(all.dispatch_lag.percentile(99.9)), 0.001) << "the generator itself was never late";
  EXPECT_EQ(outcomes(all), 10'000u);
}

TEST_F(WorkerTest, AFrozenGeneratorShowsInTheLagAndInTheResponseTime) {
  freezes = {{seconds(5), seconds(7)}};
  options.connections = 5000;
  const auto all = run(fixed(milliseconds(1)));
  EXPECT_EQ(outcomes(all), 10'000u) << "slots that passed while it was frozen are sent late, not lost";
  EXPECT_EQ(transport->most_in_a_turn(), 16u) << "a few at a time, so that answers are read in between";
  EXPECT_NEAR(core::to_seconds(all.dispatch_lag.percentile(99)), 2.0 - 0.01 * 10, 0.01);
  EXPECT_NEAR(core::to_seconds(all.steps[0].response.percentile(99)), 0.001 + 2.0 - 0.01 * 10, 0.01);
  EXPECT_NEAR(core::to_millis(all.steps[0].service.percentile(99.9)), 1, 0.001) << "the server knows nothing of it";
}

// A single server of 1.25 ms a request (800/s) under 1,000/s for 10 s: the queue grows by 200/s, so a request due at t
// is answered at 1.25 t, and the last one 2.5 s late.
TEST_F(WorkerTest, OverloadGrowsTheLatencyAsAFluidQueueDoes) {
  Instant free_at;
  const auto all = run([&](const Request&, Instant sent) {
    free_at = std::max(free_at, sent) + microseconds(1250);
    return SimulatedTransport::Answer{free_at, 200, "{}"};
  });
  EXPECT_EQ(of(all, Outcome::kOk), 10'000u);
  EXPECT_NEAR(core::to_seconds(all.steps[0].response.percentile(50)), 0.25 * 5, 0.01);
  EXPECT_NEAR(core::to_seconds(all.steps[0].response.percentile(99)), 0.25 * 9.9, 0.01);
}

TEST_F(WorkerTest, ADeadServerMakesEveryScheduledRequestTimeOut) {
  options.connections = 100;
  options.timeout = seconds(2);
  const auto all = run([](const Request&, Instant) { return SimulatedTransport::Answer{Instant::never(), 0, ""}; });
  EXPECT_EQ(all.offered, 10'000u);
  EXPECT_EQ(of(all, Outcome::kTimeout), 10'000u);
  EXPECT_NEAR(core::to_seconds(all.steps[0].response.percentile(50)), 2, 0.05)
      << "a time-out is felt as long as it took";
}

TEST_F(WorkerTest, ABacklogThatIsFullShedsAndCounts) {
  options.connections = 10;
  options.backlog_limit = 100;
  const auto all = run(stalling(milliseconds(1), {{seconds(4), seconds(6)}}));
  EXPECT_NEAR(static_cast<double>(of(all, Outcome::kShed)), 2000 - 10 - 100, 2);
  EXPECT_EQ(outcomes(all), 10'000u);
}

TEST_F(WorkerTest, EveryMomentOfTheOutcomesIsAccountedForPerInterval) {
  options.connections = 50;
  options.timeout = milliseconds(700);
  options.backlog_limit = 300;
  const auto all = run(stalling(milliseconds(20), {{seconds(2), seconds(3)}, {seconds(5), seconds(8)}}));
  EXPECT_EQ(outcomes(all), all.offered);
  for (int s = 0; s < 10; ++s) {
    const auto second = record.window(seconds(s), seconds(s + 1));
    EXPECT_EQ(second.offered, 1000u) << s;
    EXPECT_EQ(outcomes(second), 1000u) << s;
  }
}

TEST_F(WorkerTest, AnInterruptStopsTheScheduleAndDrains) {
  options.connections = 100;
  const auto all = run([&](const Request&, Instant sent) {
    if (sent >= start + seconds(3)) stop = true;
    return SimulatedTransport::Answer{sent + milliseconds(5), 200, "{}"};
  });
  EXPECT_TRUE(interrupted);
  EXPECT_NEAR(static_cast<double>(all.offered), 3000, 30);
  EXPECT_EQ(outcomes(all), all.offered);
  EXPECT_EQ(of(all, Outcome::kInterrupted), 0u);
}

TEST_F(WorkerTest, AnInterruptDoesNotWaitForeverForAServerThatIsDead) {
  options.timeout = seconds(60);
  const auto all = run([&](const Request&, Instant sent) {
    if (sent >= start + milliseconds(500)) stop = true;
    return SimulatedTransport::Answer{Instant::never(), 0, ""};
  });
  EXPECT_GT(of(all, Outcome::kInterrupted), 490u);
  EXPECT_EQ(outcomes(all), all.offered);
  EXPECT_LT(clock.now() - start, seconds(4));
}

// A waiting room where nobody is ever admitted.
SimulatedTransport::Server waiting_room() {
  return [](const Request& request, Instant sent) {
    const bool join = request.method == Method::kPost;
    return SimulatedTransport::Answer{sent + milliseconds(1), join ? 202 : 200,
                                      R"({"waiting_token":"t","status":"waiting","position":5})"};
  };
}

TEST_F(WorkerTest, JourneysKeepTheOfferedRateExactThroughARamp) {
  stages = {{.name = "ramp", .from = Rate::per_second(100), .to = Rate::per_second(1000), .duration = seconds(20)},
            constant(1000, seconds(20))};
  QueueJourneyPlan plan;
  plan.event_id = "e";
  journey = std::make_unique<QueueJourney>(plan, UserShare{.users = 10'000});
  const auto all = run(waiting_room());
  const RateProfile profile(stages);
  for (int s = 0; s < 40; ++s) {
    const double planned = profile.arrivals_by(seconds(s + 1)) - profile.arrivals_by(seconds(s));
    EXPECT_NEAR(static_cast<double>(record.window(seconds(s), seconds(s + 1)).offered), planned, 1.01) << s;
  }
  EXPECT_EQ(of(all, Outcome::kOk), all.offered);
  EXPECT_EQ(journey->counts().started, 10'000u) << "1,000 per second and a poll every 10 s are 10,000 users";
}

TEST_F(WorkerTest, UsersAsTheScheduleBringTheirOwnPolls) {
  options.model = LoadModel::kUsers;
  stages = {constant(100, seconds(30))};
  QueueJourneyPlan plan;
  plan.event_id = "e";
  plan.poll_jitter = 0;
  journey = std::make_unique<QueueJourney>(plan, UserShare{.users = 3000});
  const auto all = run(waiting_room());
  // Users 0..29.99 s join, those of the first 20 s poll at +10 s, those of the first 10 s again at +20 s.
  EXPECT_EQ(all.offered, 3000u + 2000 + 1000);
  EXPECT_EQ(outcomes(all), all.offered);
}

TEST_F(WorkerTest, WhenUsersRunOutTheSlotsAreUnfilledNotForgotten) {
  QueueJourneyPlan plan;
  plan.event_id = "e";
  plan.refreshes_when_sold_out = false;
  journey = std::make_unique<QueueJourney>(plan, UserShare{.users = 500});
  const auto all = run([](const Request&, Instant sent) {
    return SimulatedTransport::Answer{sent + milliseconds(1), 410, R"({"error":{"code":"SOLD_OUT"}})"};
  });
  EXPECT_EQ(of(all, Outcome::kOk), 500u);
  EXPECT_EQ(of(all, Outcome::kUnfilled), 9500u);
}

TEST_F(WorkerTest, CoalescingDelaysNoSlotByMoreThanItsWindow) {
  options.coalesce = microseconds(100);
  stages = {constant(30'000, seconds(2))};
  const auto all = run(fixed(microseconds(50)));
  EXPECT_LE(all.dispatch_lag.max(), microseconds(101));
  EXPECT_GT(all.dispatch_lag.percentile(90), microseconds(60));
  EXPECT_EQ(of(all, Outcome::kOk), 60'000u);
}

}  // namespace
}  // namespace tacos::load
