// The admission bound of a spread line, at its script: what buckets call is told to tick_line, at times that the test
// chooses.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "redis_under_test.h"
#include "tacos-gateway/redis_store/line_scripts.h"

namespace tacos::gateway {
namespace {

class SpreadBoundTest : public testing::Test {
 protected:
  static constexpr int kRate = 30, kBurst = 20;

  void SetUp() override {
    for (const auto& one : {LineScript::kOpen, LineScript::kJoin}) ASSERT_FALSE(text(one).empty());
    run(LineScript::kOpen, {"7", "sale", "100000", std::to_string(kRate * 1'000'000), std::to_string(kBurst), "60000",
                            "60000", "60000", "0", "50000000", "watermark", "0", "0", "2"});
    for (int user = 0; user < 200; ++user)
      run(LineScript::kJoin, {std::to_string(1'000'000'000'000'000 + user), "sale", "0"});
  }

  const std::string& text(LineScript script) { return (*scripts)[static_cast<std::size_t>(script)].text; }
  void run(LineScript script, std::vector<std::string> arguments) {
    std::vector<std::string> words = {"EVAL", text(script), "1", line, std::to_string(now_us)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const std::string reply = server.ask(words);
    ASSERT_NE(reply[0], '-') << reply;
  }
  long long head() { return std::stoll("0" + server.ask({"HGET", line, "head"}).substr(1)); }

  struct Report {
    bool heard = true;
    long long called = 0;
    int ms_ago = 0;
    bool old = false;  // of before the last charge
  };
  // Each bucket has passed the watermark when it is heard. Gives how many were charged.
  long long tick_after(int ms, Report first, Report second) {
    now_us += ms * 1000;
    const long long before = head();
    std::vector<std::string> arguments = {"0", "0", "0"};
    for (const Report& report : {first, second}) {
      arguments.push_back(report.heard ? std::to_string(report.old ? 0 : before) : "");
      for (const long long n : {report.called, 0LL, 100LL, now_us - 1000LL * report.ms_ago, 0LL, 0LL}) {
        arguments.push_back(std::to_string(n));
      }
    }
    run(LineScript::kTickLine, arguments);
    return head() - before;
  }

  support::RedisServer& server = fresh_redis();
  std::shared_ptr<const redis::ScriptBook> scripts = make_line_scripts();
  std::string line = "tacos:{5a1e20261121cafe}";
  long long now_us = 1'800'000'000'000'000;
};

TEST_F(SpreadBoundTest, IsExactWhereEverybodyCallsAtOnce) {
  EXPECT_EQ(tick_after(0, {}, {}), kBurst);
  EXPECT_EQ(tick_after(10, {.called = 10, .ms_ago = 10}, {.called = 10, .ms_ago = 9}), 0);
  EXPECT_EQ(tick_after(90, {.called = 10, .ms_ago = 100}, {.called = 10, .ms_ago = 99}), 3) << "30/s";
  EXPECT_EQ(tick_after(1000, {.called = 12, .ms_ago = 1000}, {.called = 11, .ms_ago = 999}), kBurst);
}

// Reports of two gateways may come in any order.
TEST_F(SpreadBoundTest, CountsNoCallTwice) {
  EXPECT_EQ(tick_after(0, {}, {}), kBurst);
  EXPECT_EQ(tick_after(10, {.called = 10, .ms_ago = 10}, {.called = 10, .ms_ago = 9}), 0);
  EXPECT_EQ(tick_after(10, {.called = 2, .ms_ago = 20, .old = true}, {.called = 10, .ms_ago = 19}), 0);
  EXPECT_EQ(tick_after(80, {.called = 10, .ms_ago = 100}, {.called = 10, .ms_ago = 99}), 2)
      << "of 3: what came in while an old report made it careful is gone, and not eight more";
}

// Nobody ticked for a second, and then the bucket that was away calls: what time would have given since is not given on
// top.
TEST_F(SpreadBoundTest, HoldsWhereABucketCallsLate) {
  EXPECT_EQ(tick_after(0, {}, {}), kBurst);
  EXPECT_EQ(tick_after(10, {.called = 10}, {.heard = false}), 0);
  EXPECT_EQ(tick_after(1000, {.called = 10}, {.called = 10}), kBurst - 10);
  EXPECT_EQ(tick_after(10, {.called = 15}, {.called = 15}), 0);
  EXPECT_EQ(tick_after(100, {.called = 15}, {.called = 15}), 3);
}

TEST_F(SpreadBoundTest, LeavesRoomForABucketThatIsAway) {
  EXPECT_EQ(tick_after(0, {}, {}), kBurst);
  EXPECT_EQ(tick_after(10, {.called = 8}, {.heard = false}), 0);
  EXPECT_EQ(tick_after(2000, {.called = 8}, {.heard = false}), kBurst - 12) << "twelve may be called at any moment";
  EXPECT_EQ(tick_after(1, {.called = 12}, {.heard = false}), 0);
}

// Whom the watermark passed and who did not wait any more is given back.
TEST_F(SpreadBoundTest, GivesBackWhatNobodyTook) {
  EXPECT_EQ(tick_after(0, {}, {}), kBurst);
  EXPECT_EQ(tick_after(10, {.called = 4}, {.called = 5}), kBurst - 9);
}

}  // namespace
}  // namespace tacos::gateway
