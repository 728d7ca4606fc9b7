#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-load/journey/due_queue.h"
#include "tacos-load/journey/token_store.h"
#include "tacos-load/run/backlog.h"
#include "tacos-load/transport/deadline_list.h"

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;

TEST(DueQueue, GivesUsersBackInTheOrderOfTheirDueTimes) {
  DueQueue queue(100);
  core::Random random(3);
  for (UserId user = 0; user < 100; ++user) queue.push(Nanos(static_cast<std::int64_t>(random.below(50))), user);
  Nanos last{-1};
  UserId last_user = 0;
  while (!queue.empty()) {
    const auto entry = queue.pop();
    ASSERT_GE(entry.due, last);
    if (entry.due == last) {
      ASSERT_GT(entry.user, last_user);
    }
    last = entry.due;
    last_user = entry.user;
  }
}

TEST(TokenStore, KeepsTokensOfEverySizeApartAndReusesWhatIsDropped) {
  TokenStore store;
  std::vector<std::pair<TokenStore::Handle, std::string>> kept;
  for (const std::size_t size : {1u, 13u, 14u, 15u, 50u, 62u, 254u, 255u, 510u, 511u, 1022u, 4000u, 4094u}) {
    for (int copy = 0; copy < 3; ++copy) {
      std::string token(size, static_cast<char>('a' + copy));
      kept.emplace_back(store.put(token), token);
    }
  }
  for (const auto& [handle, token] : kept) EXPECT_EQ(store.get(handle), token);
  store.drop(kept[4].first);
  const auto again = store.put(std::string(13, 'z'));
  EXPECT_EQ(again, kept[4].first);
  EXPECT_EQ(store.get(again), std::string(13, 'z'));
  EXPECT_EQ(store.get(kept[3].first), kept[3].second);
}

TEST(TokenStore, RefusesWhatNoTokenIs) {
  TokenStore store;
  EXPECT_EQ(store.put(""), TokenStore::kNone);
  EXPECT_EQ(store.put(std::string(TokenStore::kLongest + 1, 'x')), TokenStore::kNone);
  EXPECT_EQ(store.get(TokenStore::kNone), "");
  store.drop(TokenStore::kNone);
}

TEST(Backlog, IsFirstInFirstOutAcrossGrowthAndRefusesBeyondItsLimit) {
  Backlog backlog(3000);
  std::int64_t next_in = 0;
  std::int64_t next_out = 0;
  for (int round = 0; round < 500; ++round) {
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(backlog.push({Nanos(next_in++), Nanos(0), kNoUser}));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(backlog.pop().intended, Nanos(next_out++));
  }
  while (backlog.push({Nanos(next_in), Nanos(0), kNoUser})) ++next_in;
  EXPECT_EQ(backlog.size(), 3000u);
  EXPECT_EQ(backlog.high_water(), 3000u);
  while (!backlog.empty()) ASSERT_EQ(backlog.pop().intended, Nanos(next_out++));
  EXPECT_EQ(next_out, next_in);
}

TEST(DeadlineList, AlwaysShowsTheEarliestHoweverDeadlinesAreSetAndCleared) {
  constexpr std::uint32_t kSize = 50;
  DeadlineList list(kSize);
  std::vector<std::int64_t> model(kSize, -1);
  core::Random random(11);
  for (int round = 0; round < 20'000; ++round) {
    const auto id = static_cast<std::uint32_t>(random.below(kSize));
    if (random.below(3) == 0) {
      list.clear(id);
      model[id] = -1;
    } else {
      const auto deadline = static_cast<std::int64_t>(random.below(1000));
      list.set(id, Instant(Nanos(deadline)));
      model[id] = deadline;
    }
    std::int64_t earliest = -1;
    for (const auto d : model) {
      if (d >= 0 && (earliest < 0 || d < earliest)) earliest = d;
    }
    if (earliest < 0) {
      ASSERT_EQ(list.earliest(), DeadlineList::kNone);
    } else {
      ASSERT_EQ(list.earliest_deadline(), Instant(Nanos(earliest)));
      ASSERT_EQ(model[list.earliest()], earliest);
    }
  }
}

}  // namespace
}  // namespace tacos::load
