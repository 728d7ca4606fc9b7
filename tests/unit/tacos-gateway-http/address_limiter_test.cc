#include "tacos-gateway/http/address_limiter.h"

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using core::Instant;
using net::PeerAddress;

constexpr std::int64_t kSecond = 1'000'000'000;

Instant at(double seconds) {
  return Instant(core::Nanos(kSecond * 100) + core::from_seconds(seconds));
}

GcraLimit per_second(double rate, std::uint64_t burst) {
  return GcraLimit::of(core::Rate::per_second(rate), burst);
}

TEST(AddressLimiter, AnswersAsThePublishedTableOfThrottled) {
  // throttled/throttled, rate_test.go: one a second, a burst of 4 beyond it.
  struct Row {
    double at;
    std::int64_t cost;
    bool limited;
    std::int64_t remaining;
    double reset, retry;
  };
  const std::vector<Row> table = {
      {0, 6, true, 5, 0, -1},      {0, 1, false, 4, 1, -1},   {0, 1, false, 3, 2, -1},   {0, 1, false, 2, 3, -1},
      {0, 1, false, 1, 4, -1},     {0, 1, false, 0, 5, -1},   {0, 1, true, 0, 5, 1},     {3.0, 1, false, 2, 3, -1},
      {3.1, 1, false, 1, 3.9, -1}, {4.0, 1, false, 1, 4, -1}, {8.0, 1, false, 4, 1, -1}, {9.5, 1, false, 4, 1, -1},
      {9.5, 0, false, 4, 1, -1},   {9.5, 2, false, 2, 3, -1}, {9.5, 5, true, 2, 3, 3},   {15, 6, true, 5, 0, -1}};
  AddressLimiter limiter(per_second(1, 5), 8, 1);
  for (const Row& row : table) {
    const LimitVerdict verdict = limiter.take(7, at(row.at), row.cost);
    EXPECT_EQ(verdict.limited, row.limited) << row.at << " " << row.cost;
    EXPECT_EQ(verdict.remaining, row.remaining) << row.at << " " << row.cost;
    EXPECT_EQ(verdict.reset_after_ns, core::from_seconds(row.reset).count()) << row.at << " " << row.cost;
    EXPECT_EQ(verdict.retry_after_ns, row.retry < 0 ? -1 : core::from_seconds(row.retry).count()) << row.at;
  }
}

TEST(AddressLimiter, TakesARequestExactlyWhenItSaidItWould) {
  AddressLimiter limiter(per_second(3, 2), 8, 1);
  EXPECT_FALSE(limiter.take(7, at(0)).limited);
  EXPECT_FALSE(limiter.take(7, at(0)).limited);
  const LimitVerdict refused = limiter.take(7, at(0));
  EXPECT_TRUE(refused.limited);
  EXPECT_EQ(refused.retry_after_ns, 333'333'334);  // rounded up: never more than the rate
  EXPECT_TRUE(limiter.take(7, at(0) + core::Nanos(refused.retry_after_ns - 1)).limited);
  EXPECT_FALSE(limiter.take(7, at(0) + core::Nanos(refused.retry_after_ns)).limited);
}

TEST(AddressLimiter, ALimitOfOneTakesTheFirst) {
  AddressLimiter limiter(per_second(1, 1), 8, 1);
  EXPECT_FALSE(limiter.take(7, at(0)).limited);
  EXPECT_TRUE(limiter.take(7, at(0.999999999)).limited);
  EXPECT_FALSE(limiter.take(7, at(1)).limited);
}

TEST(AddressLimiter, NeverTakesMoreThanRateTimesWindowPlusBurstInAnyWindow) {
  AddressLimiter limiter(per_second(50, 500), 8, 1);
  std::vector<double> taken;
  for (int i = 0; i < 20'000; ++i) {
    if (!limiter.take(7, at(i * 0.001)).limited) taken.push_back(i * 0.001);
  }
  EXPECT_EQ(taken.size(), 500u + 1000u - 1u);
  for (std::size_t from = 0; from < taken.size(); from += 97) {
    for (std::size_t to = from; to < taken.size(); to += 13) {
      ASSERT_LE(static_cast<double>(to - from + 1), 50 * (taken[to] - taken[from]) + 500.001);
    }
  }
}

TEST(AddressLimiter, LongIdleTimesAndSlowRatesDoNotOverflow) {
  AddressLimiter slow(per_second(1.0 / 86'400, 1'000'000'000), 8, 1);
  EXPECT_FALSE(slow.take(7, Instant(0ns)).limited);
  EXPECT_FALSE(slow.take(7, Instant(24h * 365 * 70)).limited) << "after 70 years";
  EXPECT_GE(slow.take(7, Instant(24h * 365 * 70)).remaining, 0);
  EXPECT_EQ(slow.limit().interval_ns, 86'400 * kSecond) << "the burst is cut, not the rate raised";
  EXPECT_TRUE(slow.take(7, Instant(0ns), std::numeric_limits<std::int64_t>::max()).limited);
  AddressLimiter fast(per_second(1e9, 1'000'000'000), 8, 1);
  for (int i = 0; i < 1000; ++i) ASSERT_FALSE(fast.take(7, Instant(0ns)).limited);
}

TEST(AddressLimiter, CountsIpv4AddressesWholeAndIpv6ByTheir64) {
  const auto v6 = [](std::uint8_t seventh, std::uint8_t eighth, std::uint8_t last) {
    PeerAddress::Bytes bytes{0x20, 0x01, 0x0d, 0xb8};
    bytes[6] = seventh;
    bytes[7] = eighth;
    bytes[15] = last;
    return AddressLimiter::key_of(PeerAddress::ipv6(bytes));
  };
  const auto v4 = [](std::uint32_t address) { return AddressLimiter::key_of(PeerAddress::ipv4(address)); };
  EXPECT_EQ(v6(0, 1, 1), v6(0, 1, 99)) << "one subscriber";
  EXPECT_NE(v6(0, 1, 1), v6(0, 2, 1));
  EXPECT_NE(v6(1, 0, 1), v6(2, 0, 1));
  EXPECT_NE(v4(0x7f000001), v4(0x7f000002));
  EXPECT_NE(v4(0), 0u);
  PeerAddress::Bytes loopback{};
  loopback[15] = 1;
  EXPECT_NE(AddressLimiter::key_of(PeerAddress::ipv6(loopback)), 0u);
  EXPECT_NE(AddressLimiter::key_of(PeerAddress()), 0u);
  EXPECT_EQ(AddressLimiter::key_of(PeerAddress()), AddressLimiter::key_of(PeerAddress::unix_socket()));
}

TEST(AddressLimiter, OneClientDoesNotUseUpAnothersAllowance) {
  AddressLimiter limiter(per_second(1, 3), 1024, 5);
  for (int i = 0; i < 10; ++i) limiter.take(1000, at(0));
  for (std::uint64_t key = 1; key <= 100; ++key) {
    EXPECT_EQ(limiter.take(key, at(0)).remaining, 2) << key;
  }
}

TEST(AddressLimiter, AFullSetGivesTheFullestAllowanceToANewClient) {
  AddressLimiter limiter(per_second(1, 10), 8, 1);
  ASSERT_EQ(limiter.slots(), 8u);
  for (std::uint64_t key = 1; key <= 8; ++key) limiter.take(key, at(0), static_cast<std::int64_t>(key + 1));
  EXPECT_EQ(limiter.counts().replaced, 0u);
  EXPECT_EQ(limiter.take(9, at(0), 5).remaining, 5);  // takes the place of key 1, which had used 2
  EXPECT_EQ(limiter.counts().replaced, 1u);
  for (std::uint64_t key = 2; key <= 8; ++key) {
    EXPECT_EQ(limiter.take(key, at(0), 0).remaining, 10 - static_cast<std::int64_t>(key + 1)) << key;
  }
  EXPECT_EQ(limiter.take(9, at(0), 0).remaining, 5);
  EXPECT_EQ(limiter.take(1, at(0), 0).remaining, 10) << "forgotten";
  EXPECT_EQ(limiter.counts().replaced, 1u) << "looking takes no slot";
  // Whose allowance is full again loses nothing, and is not counted.
  limiter.take(20, at(100));
  EXPECT_EQ(limiter.counts().replaced, 1u);
}

TEST(AddressLimiter, AFloodOfAddressesTakesNoMoreMemoryAndIsCounted) {
  AddressLimiter limiter(per_second(1, 10), 1000, 3);
  EXPECT_EQ(limiter.slots(), 1024u);
  for (std::uint64_t key = 1; key <= 100'000; ++key) EXPECT_FALSE(limiter.take(key, at(0)).limited);
  EXPECT_EQ(limiter.counts().replaced, 100'000u - 1024u);
  // One that asks too much stays known, since it has the least left of its set.
  for (int i = 0; i < 10; ++i) limiter.take(7, at(0));
  for (std::uint64_t key = 200'000; key <= 300'000; ++key) limiter.take(key, at(0));
  EXPECT_TRUE(limiter.take(7, at(0)).limited);
}

TEST(AddressLimiter, ThreadsTogetherTakeExactlyTheBurst) {
  for (int round = 0; round < 20; ++round) {
    AddressLimiter limiter(per_second(1, 1000), 8, 1);
    limiter.take(7, at(0));  // the slot is there before they meet
    std::atomic<int> taken{1};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) taken += limiter.take(7, at(0)).limited ? 0 : 1;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(static_cast<std::uint64_t>(taken.load()), 1000 + limiter.counts().contended);
  }
}

TEST(AddressLimiter, ThreadsThatFightForSlotsNeverChargeAnotherClient) {
  // More keys than slots: each is thrown out again and again. Nobody may be told of an allowance beyond the burst, or
  // be refused without having asked for it.
  AddressLimiter limiter(per_second(1, 100), 8, 1);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 20'000; ++i) {
        const LimitVerdict verdict = limiter.take(1 + t * 1000 + i % 16, at(static_cast<double>(i)));
        if (verdict.limited || verdict.remaining > 99) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tacos::gateway
