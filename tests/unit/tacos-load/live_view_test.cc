#include "tacos-load/terminal/live_view.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text_columns.h"
#include "tacos-load/terminal/plain_line.h"

namespace tacos::load {
namespace {

using measure::Outcome;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMostColumns = 200;

RateProfile ramp_and_hold_profile() {
  return RateProfile({{"ramp", core::Rate::per_second(1000), core::Rate::per_second(2000), seconds(10)},
                      {"hold", core::Rate::per_second(2000), core::Rate::per_second(2000), seconds(20)}});
}

LiveSnapshot snapshot(int second) {
  LiveSnapshot s;
  s.at = seconds(second);
  s.scheduled = 1500u * static_cast<unsigned>(second);
  s.sent = s.scheduled - 7;
  s.answered = s.outcomes[0] = s.scheduled - 40;
  s.sent_per_second = 100.0 * second;
  s.scheduled_per_second = 1234;
  s.users = {12, 18'200, 3, 5, 0, 1'780};
  s.response_p50 = microseconds(300 + second);
  s.response_p99 = milliseconds(second);
  s.dispatch_lag_p99 = microseconds(50);
  s.busiest_worker_cpu_share = 0.23;
  return s;
}

struct Watched {
  RateProfile profile = ramp_and_hold_profile();
  LiveView view{profile, {"ticket-open", "http://127.0.0.1:8080", 1000, milliseconds(10), false}};

  explicit Watched(int until = 20) {
    for (int s = 1; s <= until; ++s) view.add(snapshot(s));
  }
  std::string text(Screen screen) const {
    std::string all;
    for (const auto& line : view.lines(screen)) all += line + "\n";
    return all;
  }
};

std::string without_colours(const std::string& line) {
  std::string bare;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
    } else {
      bare += line[i];
    }
  }
  return bare;
}

LiveSnapshot everything_wrong(int second) {
  LiveSnapshot s = snapshot(second);
  for (std::size_t o = 1; o < s.outcomes.size(); ++o) {
    s.outcomes[o] = 1'000'000 + o;
    s.outcomes_per_second[o] = 12'345;
  }
  s.dispatch_lag_p99 = seconds(2);
  s.busiest_worker_cpu_share = 0.99;
  s.backlog = 1'234'567;
  s.users = {300'000, 300'000, 300'000, 300'000, 300'000, 300'000};
  return s;
}

TEST(LiveView, NoLineIsWiderThanTheScreenAndNoneIsLeftOverBelowIt) {
  Watched run;
  run.view.add(everything_wrong(21));
  for (const RunPhase phase : {RunPhase::kRunning, RunPhase::kStopping, RunPhase::kEnded}) {
    run.view.enter(phase);
    for (std::size_t width = 1; width <= kMostColumns; ++width) {
      for (const std::size_t height : {1u, 10u, 12u, 24u, 60u}) {
        for (const bool plain : {false, true}) {
          const auto lines = run.view.lines({width, height, !plain, !plain});
          EXPECT_LE(lines.size(), std::max<std::size_t>(height - 1, 1));
          for (const auto& line : lines) EXPECT_LE(core::columns_of(without_colours(line)), width) << line;
        }
      }
    }
  }
}

TEST(LiveView, ShowsWhereTheRunStands) {
  EXPECT_THAT(Watched(20).text({80, 24, false, true}),
              AllOf(HasSubstr(" ticket-open → http://127.0.0.1:8080"), HasSubstr("0:20 of 0:30"),
                    HasSubstr("  66 %  hold"), HasSubstr(" requests/s   2,000 of 2,000"),
                    HasSubstr(" response p50 320 us"), HasSubstr(" response p99 20.0 ms"),
                    HasSubstr("29,960 ok   0 errors   40 open"), HasSubstr("errors       none"),
                    HasSubstr("waiting      18,200"), HasSubstr("lag p99 50.0 us   CPU 23 %   backlog 0   connections"),
                    HasSubstr("Ctrl-C: drain and write the report; twice: stop")));
}

TEST(LiveView, ShowsLowestAndHighestOfWhatItDraws) {
  EXPECT_THAT(Watched(20).text({80, 24, false, true}),
              AllOf(HasSubstr("100 … 2,000\n"), HasSubstr("301 us … 320 us\n"), HasSubstr("1.00 ms … 20.0 ms\n")));
}

TEST(LiveView, KeepsFiveMinutesAndDrawsTheLastOfThem) {
  Watched run(1000);
  EXPECT_THAT(run.text({80, 24, false, true}), Not(HasSubstr("301 us")));
}

TEST(LiveView, IsOneLineOnAScreenTooSmallForMore) {
  const Watched run;
  EXPECT_EQ(run.view.lines({39, 24, false, true}).size(), 1u);
  EXPECT_EQ(run.view.lines({80, 9, false, true}).size(), 1u);
  EXPECT_GT(run.view.lines({40, 10, false, true}).size(), 6u);
  EXPECT_TRUE(Watched(0).view.lines({80, 24, false, true}).empty());
}

TEST(LiveView, OnALowScreenTheNumbersStayAndTheBlanksGo) {
  EXPECT_THAT(Watched().text({80, 10, false, true}),
              AllOf(HasSubstr("response p99"), HasSubstr("errors"), HasSubstr("users"), HasSubstr("lag p99")));
}

TEST(LiveView, WritesNoEscapeCodesWithoutColour) {
  Watched run;
  run.view.add(everything_wrong(21));
  EXPECT_THAT(run.text({120, 40, false, true}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(run.text({120, 40, true, true}), HasSubstr("\x1b[1;31m"));
}

TEST(LiveView, WritesAsciiOnlyWhereTheLocaleHasNothingElse) {
  Watched run;
  run.view.add(everything_wrong(21));
  for (const std::size_t width : {30u, 45u, 80u, 150u}) {
    for (const char c : run.text({width, 24, false, false})) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  }
}

TEST(LiveView, NamesTheErrorsThatHappenedAndTheirRate) {
  Watched run;
  auto s = snapshot(21);
  s.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] = 20;
  s.outcomes_per_second[static_cast<std::size_t>(Outcome::kTimeout)] = 4;
  s.outcomes[static_cast<std::size_t>(Outcome::kConnectError)] = 3;
  run.view.add(s);
  EXPECT_THAT(
      run.text({80, 24, false, true}),
      AllOf(HasSubstr("errors       0.07 %   timeout 20 (+4/s)   connect error 3 (+0/s)\n"), Not(HasSubstr("reset"))));
  EXPECT_THAT(run.text({40, 24, false, true}), AllOf(HasSubstr("timeout 20"), HasSubstr("connect error 3")));
  EXPECT_THAT(run.view.plain(), HasSubstr("errors 23 (timeout 20, connect_error 3)"));
}

TEST(LiveView, SaysInWordsThatTheGeneratorIsLateOrBusy) {
  Watched run;
  auto s = snapshot(21);
  s.dispatch_lag_p99 = milliseconds(12);
  run.view.add(s);
  EXPECT_THAT(
      run.text({80, 24, false, true}),
      AllOf(HasSubstr("! The generator is late: 12.0 ms at p99, the limit is 10.0 ms."), Not(HasSubstr("busiest"))));
  s.dispatch_lag_p99 = milliseconds(10);
  s.busiest_worker_cpu_share = 0.95;
  run.view.add(s);
  EXPECT_THAT(run.text({80, 24, false, true}),
              AllOf(HasSubstr("! The busiest worker uses 95 % of its core"), Not(HasSubstr("late"))));
}

TEST(LiveView, SaysThatItIsStoppingAndWhatAnotherCtrlCDoes) {
  Watched run;
  run.view.enter(RunPhase::kStopping);
  for (const std::size_t width : {40u, 80u, 120u}) {
    EXPECT_THAT(run.text({width, 24, false, true}), HasSubstr(" stopping: waiting for what is in flight"));
  }
  EXPECT_THAT(run.text({80, 24, false, true}), HasSubstr("Ctrl-C again: stop at once"));
  run.view.enter(RunPhase::kStoppedEarly);
  EXPECT_THAT(run.text({80, 24, false, true}), AllOf(HasSubstr("stopped early"), Not(HasSubstr("Ctrl-C"))));
  run.view.enter(RunPhase::kEnded);
  EXPECT_THAT(run.text({80, 24, false, true}), AllOf(HasSubstr("0:30 of 0:30"), HasSubstr("100 %  ended")));
}

TEST(LiveView, HasNoUsersWhereTheRunHasNone) {
  Watched run;
  auto s = snapshot(21);
  s.users = {};
  run.view.add(s);
  EXPECT_THAT(run.text({80, 24, false, true}), Not(HasSubstr("users")));
}

TEST(LiveView, WhereUsersAreScheduledTheRateIsHeldAgainstWhatBecameDue) {
  EXPECT_DOUBLE_EQ(planned_per_second(ramp_and_hold_profile(), true, snapshot(20)), 1234);
  EXPECT_DOUBLE_EQ(planned_per_second(ramp_and_hold_profile(), false, snapshot(20)), 2000);
}

TEST(LiveView, ANameOfStrangersDoesNotMoveTheCursor) {
  const RateProfile profile = ramp_and_hold_profile();
  LiveView view(profile, {"a\x1b[2Jb\nc", "http://x", 1, milliseconds(10), false});
  view.add(snapshot(1));
  const auto lines = view.lines({80, 24, false, true});
  EXPECT_THAT(lines[0], HasSubstr("a?[2Jb?c"));
}

TEST(LiveSampler, AddsUpWorkersAndTakesDifferences) {
  std::vector<std::unique_ptr<LiveCounts>> live;
  for (int w = 0; w < 2; ++w) live.push_back(std::make_unique<LiveCounts>());
  LiveSampler sampler;
  live[0]->cpu_ns = 100'000'000;
  sampler.take(seconds(1), live);
  live[0]->sent = 300;
  live[1]->sent = 100;
  live[1]->outcomes[2] = 6;
  live[0]->users[1] = live[1]->users[1] = 5;
  live[0]->response_p99_ns = 1'000'000;
  live[1]->response_p99_ns = 2'000'000;
  live[0]->cpu_ns = 600'000'000;
  const auto s = sampler.take(seconds(3), live);
  EXPECT_DOUBLE_EQ(s.sent_per_second, 200);
  EXPECT_DOUBLE_EQ(s.outcomes_per_second[2], 3);
  EXPECT_EQ(s.users[1], 10u);
  EXPECT_EQ(s.response_p99, milliseconds(2));
  EXPECT_DOUBLE_EQ(s.busiest_worker_cpu_share, 0.25);
  EXPECT_EQ(s.errors(), 6u);
}

}  // namespace
}  // namespace tacos::load
