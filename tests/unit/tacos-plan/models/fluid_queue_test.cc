#include "tacos-plan/models/fluid_queue.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;

// Longest wait N/a, mean N/(2a), wait of the k-th k/a.
TEST(FluidQueue, ABurstWaitsItsPlaceOverTheRate) {
  const FluidQueue queue{.users = 300'000, .door = {.per_second = 1000}};
  const auto line = fluid_summary(queue).value();
  EXPECT_NEAR(line.longest_queue, 300'000, 1e-6);
  EXPECT_NEAR(line.longest_wait_seconds, 300, 1e-9);
  EXPECT_NEAR(line.mean_wait_seconds, 150, 1e-9);
  EXPECT_NEAR(line.drained_at_seconds, 300, 1e-9);
  EXPECT_NEAR(fluid_wait_of(queue, 30'000).value(), 30, 1e-9);
  EXPECT_NEAR(fluid_wait_percentile(queue, 0.99).value(), 297, 1e-9);
  EXPECT_NEAR(fluid_queue_at(queue, 100).value(), 200'000, 1e-6);
}

// Longest queue (A − a)T, longest wait (A − a)T/a, drained at AT/a, for A 3,000, a 1,000, T 100.
TEST(FluidQueue, ARampWaitsForWhatItOutranTheDoorBy) {
  const auto line = fluid_summary({.users = 300'000, .arrival_seconds = 100, .door = {.per_second = 1000}}).value();
  EXPECT_NEAR(line.longest_queue, 200'000, 1e-6);
  EXPECT_NEAR(line.longest_wait_seconds, 200, 1e-9);
  EXPECT_NEAR(line.mean_wait_seconds, 100, 1e-9);
  EXPECT_NEAR(line.drained_at_seconds, 300, 1e-9);
}

// Daganzo, Fundamentals of Transportation and Traffic Operations, and any course on cumulative curves: 4,000/h onto a
// lane closure of 3,000/h for an hour queue 1,000 vehicles, wait at most 20 min, and are gone after 80 min.
TEST(FluidQueue, ABottleneckQueuesWhatExceedsItsCapacity) {
  const auto line =
      fluid_summary({.users = 4000, .arrival_seconds = 3600, .door = {.per_second = 3000.0 / 3600}}).value();
  EXPECT_NEAR(line.longest_queue, 1000, 1e-6);
  EXPECT_NEAR(line.longest_wait_seconds / 60, 20, 1e-9);
  EXPECT_NEAR(line.drained_at_seconds / 60, 80, 1e-9);
}

TEST(FluidQueue, TheFirstBurstOfTheBucketWaitsNothing) {
  const FluidQueue queue{.users = 1000, .door = {.per_second = 10, .burst = 100}};
  EXPECT_EQ(fluid_wait_of(queue, 100).value(), 0);
  EXPECT_NEAR(fluid_wait_of(queue, 110).value(), 1, 1e-12);
  const auto line = fluid_summary(queue).value();
  EXPECT_NEAR(line.longest_queue, 900, 1e-9);
  EXPECT_NEAR(line.mean_wait_seconds, 0.9 * 45, 1e-9);
}

TEST(FluidQueue, ACrowdSlowerThanTheDoorNeverWaits) {
  const auto line = fluid_summary({.users = 100, .arrival_seconds = 100, .door = {.per_second = 2}}).value();
  EXPECT_EQ(line.longest_queue, 0);
  EXPECT_EQ(line.mean_wait_seconds, 0);
  EXPECT_EQ(line.drained_at_seconds, 100);
}

TEST(FluidQueue, WhenAllIsSoldThoseInLineHaveWaitedUntilThen) {
  const FluidQueue queue{.users = 300'000, .door = {.per_second = 1000}};
  const SoldOut sold_out{.stops_at_seconds = 20, .notice_delay_seconds = 10};
  const auto line = fluid_sold_out(queue, sold_out).value();
  EXPECT_NEAR(line.admitted, 20'000, 1e-6);
  EXPECT_NEAR(line.sold_out_in_line, 280'000, 1e-6);
  EXPECT_NEAR(line.refused_at_door, 0, 1e-6);
  EXPECT_NEAR(line.longest_wait_admitted_seconds, 20, 1e-9);
  EXPECT_NEAR(line.mean_wait_admitted_seconds, 10, 1e-9);
  EXPECT_NEAR(line.mean_wait_sold_out_seconds, 30, 1e-9);
  EXPECT_NEAR(line.longest_wait_sold_out_seconds, 30, 1e-9);
  EXPECT_NEAR(fluid_sold_out_wait_of(queue, sold_out, 20'001).value(), 30, 1e-9);
}

FluidQueue random_queue(core::Random& random) {
  return {
      .users = 1 + 1e6 * random.uniform(),
      .arrival_seconds = random.below(3) == 0 ? 0 : 300 * random.uniform(),
      .door = {.per_second = 1 + 5000 * random.uniform(), .burst = random.below(2) == 0 ? 0 : 1000 * random.uniform()}};
}

// Whether `make` keeps what it is given is covered below; here a mistake would only hide in both.
ArrivalCurve curve_of(const FluidQueue& queue) {
  return ArrivalCurve::make({{0, 0}, {queue.arrival_seconds, queue.users}}).value();
}

TEST(FluidQueueProperties, TheCurveAndTheClosedFormAgree) {
  core::Random random(41);
  for (int i = 0; i < 300; ++i) {
    const auto queue = random_queue(random);
    const auto closed = fluid_summary(queue).value();
    const auto curve = curve_of(queue);
    const auto walked = curve.summary(queue.door).value();
    EXPECT_NEAR(walked.longest_queue, closed.longest_queue, 1e-6);
    EXPECT_NEAR(walked.longest_wait_seconds, closed.longest_wait_seconds, 1e-6);
    EXPECT_NEAR(walked.mean_wait_seconds, closed.mean_wait_seconds, 1e-6 * (1 + closed.mean_wait_seconds));
    EXPECT_NEAR(walked.drained_at_seconds, closed.drained_at_seconds, 1e-6);
    const double k = queue.users * random.uniform();
    EXPECT_NEAR(curve.wait_of(queue.door, k).value(), fluid_wait_of(queue, k).value(), 1e-6);
    const double t = 1e-3 + 400 * random.uniform();
    EXPECT_NEAR(curve.queue_at(queue.door, t).value(), fluid_queue_at(queue, t).value(), 1e-4);
  }
}

TEST(FluidQueueProperties, TheMeanWaitIsTheQueuesIntegralOverTheUsers) {
  core::Random random(42);
  for (int i = 0; i < 50; ++i) {
    const auto queue = random_queue(random);
    const auto line = fluid_summary(queue).value();
    constexpr int kSteps = 20'000;
    const double step = line.drained_at_seconds / kSteps;
    double area = 0;
    for (int s = 0; s < kSteps; ++s) area += fluid_queue_at(queue, (s + 0.5) * step).value() * step;
    EXPECT_NEAR(area / queue.users, line.mean_wait_seconds, 1e-3 * (1e-3 + line.mean_wait_seconds));
    EXPECT_NEAR(line.person_seconds, line.mean_wait_seconds * queue.users, 1e-6 * (1 + line.person_seconds));
    EXPECT_NEAR(fluid_queue_at(queue, line.drained_at_seconds * (1 + 1e-9)).value(), 0, 1e-3);
  }
}

TEST(FluidQueueProperties, MoreUsersOrASlowerDoorNeverWaitLess) {
  core::Random random(43);
  for (int i = 0; i < 300; ++i) {
    const auto queue = random_queue(random);
    auto fuller = queue;
    fuller.users *= 1 + random.uniform();
    auto slower = queue;
    slower.door.per_second *= random.uniform() * 0.99 + 0.01;
    const auto line = fluid_summary(queue).value();
    for (const auto& other : {fuller, slower}) {
      EXPECT_GE(fluid_summary(other).value().longest_wait_seconds, line.longest_wait_seconds);
      EXPECT_GE(fluid_summary(other).value().mean_wait_seconds, line.mean_wait_seconds);
    }
  }
}

TEST(FluidQueueProperties, WhenAllIsSoldEveryoneIsCountedOnceAndTheWaitsAddUp) {
  core::Random random(44);
  for (int i = 0; i < 100; ++i) {
    const auto queue = random_queue(random);
    SoldOut sold_out{.stops_at_seconds = 200 * random.uniform(), .notice_delay_seconds = 20 * random.uniform()};
    if (i % 2 == 1) sold_out.door_delay_seconds = sold_out.notice_delay_seconds * random.uniform();
    const auto line = fluid_sold_out(queue, sold_out).value();
    EXPECT_NEAR(line.admitted + line.sold_out_in_line + line.refused_at_door, queue.users, 1e-6 * queue.users);
    constexpr int kSteps = 20'000;
    double sum = 0;
    for (int s = 0; s < kSteps; ++s) {
      sum += fluid_sold_out_wait_of(queue, sold_out, queue.users * (s + 0.5) / kSteps).value() * queue.users / kSteps;
    }
    // Where the admitted end the waits jump, by as much as the whole time, within one step of the sum.
    const double jump = (sold_out.stops_at_seconds + sold_out.notice_delay_seconds) * queue.users / kSteps;
    EXPECT_NEAR(sum, line.person_seconds, 2 * jump + 1e-3 * line.person_seconds);
  }
}

// Two rushes with a lull in which the line empties and the bucket fills again, by hand: 100 at once against 10/s and a
// bucket of 20 are 8 s of queue; at 30 s the bucket is full again; 50 more wait for (50 − 20)/10 s.
TEST(ArrivalCurve, ALullLetsTheBucketFillAgain) {
  const Door door{.per_second = 10, .burst = 20};
  const auto curve = ArrivalCurve::make({{0, 0}, {0, 100}, {30, 100}, {30, 150}}).value();
  EXPECT_NEAR(curve.wait_of(door, 100).value(), 8, 1e-12);
  EXPECT_NEAR(curve.wait_of(door, 120).value(), 0, 1e-12);
  EXPECT_NEAR(curve.wait_of(door, 150).value(), 3, 1e-12);
  EXPECT_NEAR(curve.queue_at(door, 4).value(), 40, 1e-12);
  EXPECT_NEAR(curve.queue_at(door, 20).value(), 0, 1e-12);
  EXPECT_NEAR(curve.queue_at(door, 31).value(), 20, 1e-12);
  const auto line = curve.summary(door).value();
  EXPECT_NEAR(line.person_seconds, 80 * 8 / 2 + 30 * 3 / 2, 1e-9);
  EXPECT_NEAR(line.drained_at_seconds, 33, 1e-12);
  EXPECT_NEAR(line.longest_queue, 80, 1e-12);
}

TEST(ArrivalCurveProperties, WaitsAddUpToThePersonSeconds) {
  core::Random random(45);
  for (int i = 0; i < 50; ++i) {
    std::vector<ArrivalPoint> points;
    ArrivalPoint at;
    for (int p = 0; p < 8; ++p) {
      at.at_seconds += random.below(4) == 0 ? 0 : 50 * random.uniform();
      at.users += random.below(4) == 0 ? 0 : 5000 * random.uniform();
      points.push_back(at);
    }
    if (at.users == 0) continue;
    const auto curve = ArrivalCurve::make(points).value();
    const Door door{.per_second = 20 + 200 * random.uniform(), .burst = 300 * random.uniform()};
    constexpr int kSteps = 20'000;
    double sum = 0;
    for (int s = 0; s < kSteps; ++s) {
      sum += curve.wait_of(door, curve.users() * (s + 0.5) / kSteps).value() * curve.users() / kSteps;
    }
    const auto line = curve.summary(door).value();
    EXPECT_NEAR(sum, line.person_seconds, 1e-3 * (line.person_seconds + curve.users()));
    EXPECT_NEAR(line.longest_wait_seconds, line.longest_queue / door.per_second, 1e-9);
  }
}

TEST(FluidQueue, RefusesImpossibleInputs) {
  const Door door{.per_second = 10};
  EXPECT_THAT(fluid_summary({.users = 0, .door = door}).error().message, HasSubstr("0 users"));
  EXPECT_THAT(fluid_summary({.users = 1}).error().message, HasSubstr("admission rate is 0"));
  EXPECT_THAT(fluid_summary({.users = 1, .arrival_seconds = -1, .door = door}).error().message, HasSubstr("over -1 s"));
  EXPECT_THAT(fluid_summary({.users = 1, .door = {.per_second = 1, .burst = -1}}).error().message,
              HasSubstr("burst is -1"));
  EXPECT_THAT(fluid_wait_of({.users = 5, .door = door}, 6).error().message, HasSubstr("arrival 6"));
  EXPECT_THAT(fluid_wait_percentile({.users = 5, .door = door}, 1.5).error().message, HasSubstr("share is 1.5"));
  EXPECT_THAT(
      fluid_sold_out({.users = 5, .door = door}, {.notice_delay_seconds = 1, .door_delay_seconds = 2}).error().message,
      testing::HasSubstr("the door refuses after 2 s"));
  EXPECT_THAT(fluid_sold_out({.users = 5, .door = door}, {.stops_at_seconds = -1}).error().message,
              HasSubstr("sold out at -1"));
  EXPECT_THAT(ArrivalCurve::make({}).error().message, HasSubstr("no points"));
  EXPECT_THAT(ArrivalCurve::make({{0, 5}, {1, 4}}).error().message, HasSubstr("point 2"));
  EXPECT_THAT(ArrivalCurve::make({{0, 0}, {1, 0}}).error().message, HasSubstr("no users"));
  EXPECT_THAT(ArrivalCurve::make({{std::numeric_limits<double>::quiet_NaN(), 1}}).error().message,
              HasSubstr("point 1"));
}

}  // namespace
}  // namespace tacos::plan
