#include <gtest/gtest.h>

#include "core/clock.h"
#include "core/random.h"
#include "tacos-gateway/http/admin_credential.h"
#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/audit_log.h"
#include "tacos-gateway/http/memory_trimmer.h"
#include "tacos-gateway/http/readiness.h"
#include "tacos-gateway/http/timestamp.h"
#include "tacos-gateway/http/trace_id.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;

TEST(TraceId, TakesTheExampleOfTheStandard) {
  const auto id = TraceId::from_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->text(), "0af7651916cd43dd8448eb211c80319c");
  // A later version may say more.
  EXPECT_TRUE(TraceId::from_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"));
}

TEST(TraceId, RefusesWhatTheStandardRefuses) {
  for (const char* header : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c8031\"c-b7ad6b7169203331-01",
       }) {
    EXPECT_FALSE(TraceId::from_traceparent(header).has_value()) << header;
  }
}

TEST(TraceId, IsNewEachTime) {
  core::Random random(1);
  const TraceId one = TraceId::random(random);
  const TraceId two = TraceId::random(random);
  EXPECT_NE(one.text(), two.text());
  EXPECT_EQ(one.text().find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

TEST(AdminCredential, MatchesOnlyItself) {
  const AdminCredential credential("secret token");
  EXPECT_TRUE(credential.matches("secret token"));
  EXPECT_FALSE(credential.matches("secret tokem"));
  EXPECT_FALSE(credential.matches(""));
  EXPECT_EQ(credential.id().size(), 8u);
}

TEST(AuditLog, KeepsTheLatest) {
  AuditLog log;
  for (std::size_t i = 0; i < AuditLog::kCapacity + 5; ++i) {
    AuditEntry entry;
    entry.unix_ms = static_cast<std::int64_t>(i);
    log.add(entry);
  }
  const auto entries = log.entries();
  ASSERT_EQ(entries.size(), AuditLog::kCapacity);
  EXPECT_EQ(entries.front().unix_ms, 5);
}

TEST(Readiness, WantsAnAnswerThatIsFresh) {
  core::ManualClock clock;
  Readiness readiness;
  EXPECT_FALSE(readiness.ready(clock.now()));
  readiness.store_answered(clock.now());
  EXPECT_TRUE(readiness.ready(clock.now()));
  clock.advance(1s);
  EXPECT_TRUE(readiness.ready(clock.now()));
  clock.advance(250ms);
  EXPECT_FALSE(readiness.ready(clock.now()));
  readiness.store_answered(clock.now());
  readiness.begin_shutdown();
  EXPECT_FALSE(readiness.ready(clock.now()));
}

constexpr std::uint64_t kMiB = 1024 * 1024;

// Seconds with so many requests each.
void pass_seconds(TrimRule& rule, std::uint64_t& total, unsigned seconds, std::uint64_t requests) {
  for (unsigned i = 0; i < seconds; ++i) rule.second_passed(total += requests);
}

TEST(TrimRule, WaitsUntilItHasBeenQuietForAWhile) {
  TrimRule rule;
  std::uint64_t total = 0;
  pass_seconds(rule, total, 60, 30'000);
  EXPECT_FALSE(rule.is_quiet());
  pass_seconds(rule, total, TrimRule::kQuietSeconds - 1, TrimRule::kQuietRequests);
  EXPECT_FALSE(rule.is_quiet());
  pass_seconds(rule, total, 1, TrimRule::kQuietRequests);
  EXPECT_TRUE(rule.is_quiet());
  pass_seconds(rule, total, 1, TrimRule::kQuietRequests + 1);
  EXPECT_FALSE(rule.is_quiet()) << "one busy second begins the wait again";
}

TEST(TrimRule, TrimsWhatCameToBeUnusedSinceTheLastTime) {
  TrimRule rule;
  EXPECT_FALSE(rule.is_worth_it(10 * kMiB, 1 * kMiB)) << "code and stacks are resident from the start";
  EXPECT_FALSE(rule.is_worth_it(100 * kMiB, 90 * kMiB)) << "in use is in use";
  EXPECT_FALSE(rule.is_worth_it(100 * kMiB, 84 * kMiB));
  EXPECT_TRUE(rule.is_worth_it(100 * kMiB, 20 * kMiB));
  rule.trimmed(40 * kMiB, 20 * kMiB);
  EXPECT_FALSE(rule.is_worth_it(40 * kMiB, 20 * kMiB)) << "the rest can't be given back";
  EXPECT_TRUE(rule.is_worth_it(40 * kMiB, 12 * kMiB));
  EXPECT_FALSE(rule.is_worth_it(15 * kMiB, 10 * kMiB));
  EXPECT_TRUE(rule.is_worth_it(15 * kMiB, 2 * kMiB)) << "a lower floor is remembered";
}

TEST(TrimRule, LeavesTimeBetweenTrims) {
  TrimRule rule;
  std::uint64_t total = 0;
  pass_seconds(rule, total, TrimRule::kQuietSeconds, 0);
  ASSERT_TRUE(rule.is_quiet());
  rule.trimmed(0, 0);
  pass_seconds(rule, total, TrimRule::kSecondsBetween - 1, 0);
  EXPECT_FALSE(rule.is_quiet());
  pass_seconds(rule, total, 1, 0);
  EXPECT_TRUE(rule.is_quiet());
}

// To ask what is in use walks over all that is free, under the allocator's locks.
TEST(TrimRule, LooksNoMoreOftenThanItTrims) {
  TrimRule rule;
  std::uint64_t total = 0;
  pass_seconds(rule, total, TrimRule::kQuietSeconds, 0);
  rule.looked();
  pass_seconds(rule, total, TrimRule::kSecondsBetween - 1, 0);
  EXPECT_FALSE(rule.is_quiet());
  pass_seconds(rule, total, 1, 0);
  EXPECT_TRUE(rule.is_quiet());
}

TEST(IsEventId, TakesTheContractsAlphabet) {
  EXPECT_TRUE(is_event_id("Show.2026_a:b-c"));
  EXPECT_TRUE(is_event_id(std::string(64, 'x')));
  for (const std::string& id : {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a/b"),
                                std::string("a\"b"), std::string("\xc3\xa9"), std::string("*")}) {
    EXPECT_FALSE(is_event_id(id)) << id;
  }
}

TEST(FormatTimestamp, IsRfc3339) {
  EXPECT_EQ(format_timestamp(1'795'249'509'775), "2026-11-21T08:25:09.775Z");
}

}  // namespace
}  // namespace tacos::gateway
