#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-gateway/store/admission_bucket.h"
#include "tacos-gateway/store/user_index.h"
#include "tacos-gateway/store/waiting_index.h"

namespace tacos::gateway {
namespace {

using core::Instant;
using core::Nanos;
using core::Rate;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WaitingIndex, AgreesWithASortedListHoweverTicketsComeAndGo) {
  WaitingIndex index;
  std::vector<std::uint64_t> model;
  core::Random random(21);
  std::uint64_t last = 0;
  for (int round = 0; round < 30'000; ++round) {
    const auto what = random.below(10);
    if (what < 6 || model.empty()) {
      index.append(++last);
      model.push_back(last);
    } else {
      const auto at = what < 8 ? 0 : random.below(model.size());
      index.remove(model[at]);
      index.remove(model[at]);  // once is enough
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
    }
    ASSERT_EQ(index.count(), model.size());
    ASSERT_EQ(index.first(), model.empty() ? 0 : model.front());
    if (model.empty()) continue;
    const auto probe = random.below(model.size());
    ASSERT_EQ(index.position(model[probe]), probe + 1);
    const auto from = 1 + random.below(last + 2);
    const auto next = std::lower_bound(model.begin(), model.end(), from);
    ASSERT_EQ(index.next(from), next == model.end() ? 0 : *next);
  }
}

// Few are taken one by one, many at once: both must leave the same behind.
TEST(WaitingIndex, ManyAtOnceAreAsEachAlone) {
  WaitingIndex at_once;
  WaitingIndex one_by_one;
  core::Random random(22);
  std::uint64_t last = 0;
  for (int round = 0; round < 12; ++round) {
    const std::uint64_t first = last + 1 + random.below(100);  // some passed over
    last = first + random.below(60'000);
    at_once.append_all(first, last);
    for (std::uint64_t number = first; number <= last; ++number) one_by_one.append(number);
    for (int left = 0; left < 500; ++left) {
      const std::uint64_t number = 1 + random.below(last);
      at_once.remove(number);
      one_by_one.remove(number);
    }
    const std::uint64_t head = random.below(last + 2);
    at_once.remove_up_to(head);
    for (std::uint64_t number = one_by_one.first(); number != 0 && number <= head; number = one_by_one.first()) {
      one_by_one.remove(number);
    }
    ASSERT_EQ(at_once.count(), one_by_one.count());
    ASSERT_EQ(at_once.first(), one_by_one.first());
    for (std::uint64_t number = 1; number <= last; number += 1 + random.below(50)) {
      ASSERT_EQ(at_once.contains(number), one_by_one.contains(number)) << number;
      if (!at_once.contains(number)) continue;
      ASSERT_EQ(at_once.position(number), one_by_one.position(number)) << number;
    }
  }
  at_once.remove_up_to(~std::uint64_t{0});
  EXPECT_EQ(at_once.count(), 0u);
  at_once.append_all(last + 1, last);
  EXPECT_EQ(at_once.first(), 0u) << "none is none";
}

TEST(AdmissionBucket, StartsWithItsBurstAndRefillsAtItsRate) {
  Instant now(seconds(100));
  AdmissionBucket bucket(Rate::per_second(1000), 100, now);
  EXPECT_EQ(bucket.available(now), 100u);
  bucket.take(100);
  EXPECT_EQ(bucket.available(now), 0u);
  EXPECT_EQ(bucket.available(now + std::chrono::microseconds(999)), 0u);
  EXPECT_EQ(bucket.available(now + milliseconds(1)), 1u);
  EXPECT_EQ(bucket.available(now + seconds(60)), 100u) << "a pause saves up no more than the burst";
}

TEST(AdmissionBucket, NeverExceedsRateTimesWindowPlusBurstInAnyWindow) {
  for (const double rate : {0.3, 7.0, 999.9, 12'345.678}) {
    const double burst = 10;
    Instant now(seconds(1));
    AdmissionBucket bucket(Rate::per_second(rate), burst, now);
    core::Random random(static_cast<std::uint64_t>(rate * 10));
    // Admitted by each moment; over every window at once: admitted(t) − rate·t may exceed no earlier value of itself by
    // more than the burst.
    double admitted = 0;
    double least = 0;
    const Instant start = now;
    for (int i = 0; i < 20'000; ++i) {
      now += Nanos(static_cast<std::int64_t>(random.below(3'000'000)));
      const auto tokens = bucket.available(now);
      const auto take = random.below(tokens + 1);
      bucket.take(take);
      const double drift = rate * core::to_seconds(now - start);
      least = std::min(least, admitted - drift);
      admitted += static_cast<double>(take);
      ASSERT_LE(admitted - drift - least, burst + 1e-6) << rate;
    }
  }
}

TEST(AdmissionBucket, DoesNotDriftOverAMillionSmallSteps) {
  Instant now(seconds(1));
  AdmissionBucket bucket(Rate::per_second(333), 2, now);
  std::uint64_t admitted = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    now += Nanos(100'003);
    const auto tokens = bucket.available(now);
    bucket.take(tokens);
    admitted += tokens;
  }
  EXPECT_NEAR(static_cast<double>(admitted), 333 * 100.003 + 2, 2);
}

TEST(AdmissionBucket, AChangeOfRateCreditsTheTimeBeforeAtTheOldRate) {
  Instant now(seconds(1));
  AdmissionBucket bucket(Rate::per_second(10), 1000, now);
  bucket.take(1000);
  bucket.set(Rate::per_second(1000), 1000, now + seconds(1));
  EXPECT_EQ(bucket.available(now + seconds(1)), 10u);
  EXPECT_EQ(bucket.available(now + seconds(1) + milliseconds(100)), 110u);
  bucket.set(Rate::per_second(1), 5, now + seconds(2));
  EXPECT_EQ(bucket.available(now + seconds(2)), 5u) << "a smaller burst takes effect at once";
  bucket.set(Rate::per_second(0), 5, now + seconds(3));
  EXPECT_EQ(bucket.available(now + seconds(9)), 0u) << "a rate of 0 lets nobody in, not even the burst";
  bucket.set(Rate::per_second(2), 5, now + seconds(9));
  EXPECT_EQ(bucket.available(now + seconds(10)), 2u);
}

TEST(UserIndex, RemembersTheLatestTicketOfEachUser) {
  UserIndex index;
  core::Random random(1);
  std::vector<UserKey> users;
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    users.push_back({random.next(), random.next()});
    index.set(users.back(), i);
  }
  index.set(users[7], 77'777);
  EXPECT_EQ(index.find(users[7]), 77'777u);
  for (std::size_t i = 8; i < users.size(); ++i) ASSERT_EQ(index.find(users[i]), i + 1);
  EXPECT_EQ(index.find({1, 2}), 0u);
}

}  // namespace
}  // namespace tacos::gateway
