#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/text_columns.h"
#include "report/ladders/ladder_study.h"
#include "report/ladders/rate_columns.h"
#include "report/ladders/study_json.h"
#include "report/ladders/study_page.h"
#include "report/ladders/study_text.h"
#include "unit/report/sample_report.h"

namespace tacos::report {
namespace {

using measure::ComponentUse;
using measure::Flow;
using measure::Outcome;
using measure::RunReport;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = LadderRung::State;

ComponentUse use_of(double cores, double limit, double commands) {
  ComponentUse use;
  use.observed_sec = 10;
  use.flows[static_cast<std::size_t>(Flow::kCpu)] = cores;
  use.flows[static_cast<std::size_t>(Flow::kCommands)] = commands;
  use.utilisation = cores / limit;
  return use;
}

// Ten seconds of status calls, all answered in a millisecond at p99.
RunReport::Rung rung_of(double rate, double redis_cores) {
  RunReport::Rung rung;
  rung.name = "r";
  rung.to_sec = 10;
  rung.planned_rps = rung.offered_rps = rung.achieved_rps = rate;
  rung.verdict = "passed";
  RunReport::Step status;
  status.count = static_cast<std::uint64_t>(rate * 10);
  status.response_time_ms.p50 = 0.5;
  status.response_time_ms.p99 = 1;
  status.outcomes[static_cast<std::size_t>(Outcome::kOk)] = status.count;
  rung.outcomes = status.outcomes;
  rung.steps.emplace_back("status", status);
  rung.components = {{"redis", use_of(redis_cores, 1, 2 * rate)}, {"gateway", use_of(0.4, 2, 0)}};
  return rung;
}

RunReport run_of(std::vector<RunReport::Rung> rungs, std::uint64_t users = 5000) {
  RunReport r = sample_report();
  r.users.planned = users;
  r.components = {{.name = "redis", .source = "unix:///s", .kind = "redis", .limit_cores = 1},
                  {.name = "gateway", .source = "pid:1", .kind = "process", .limit_cores = 2}};
  r.rungs = std::move(rungs);
  return r;
}

Ladder ladder_of_rungs(const char* name, std::vector<RunReport::Rung> rungs, std::uint64_t users = 5000) {
  auto ladder = ladder_of(name, std::string("runs/") + name, run_of(std::move(rungs), users));
  EXPECT_TRUE(ladder.has_value()) << (ladder ? "" : ladder.error().message);
  return std::move(*ladder);
}

void time_out(RunReport::Rung& rung, double share) {
  auto& status = rung.steps[0].second;
  const auto lost = static_cast<std::uint64_t>(share * static_cast<double>(status.count));
  status.outcomes[static_cast<std::size_t>(Outcome::kOk)] -= lost;
  status.outcomes[static_cast<std::size_t>(Outcome::kTimeout)] += lost;
  rung.outcomes = status.outcomes;
}

std::string fault_of(RunReport report) {
  const auto ladder = ladder_of("keys", "runs/keys", std::move(report));
  return ladder ? "" : ladder.error().message;
}

LadderStudy study_of(std::vector<Ladder> ladders) {
  auto study = study_ladders(std::move(ladders), "A study", {"one machine"});
  EXPECT_TRUE(study.has_value()) << (study ? "" : study.error().message);
  return std::move(*study);
}

// keys breaks at 1,000/s with its Redis full; index holds all there is, with a tenth of it.
LadderStudy two_strategies() {
  auto broken = rung_of(1000, 0.99);
  time_out(broken, 0.4);
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("keys", {rung_of(250, 0.3), rung_of(500, 0.6), broken}));
  ladders.push_back(ladder_of_rungs("index", {rung_of(250, 0.03), rung_of(501, 0.06), rung_of(1000, 0.1)}));
  return study_of(std::move(ladders));
}

TEST(Knee, IsTheLastRungThatHeldBeforeTheFirstThatDidNot) {
  auto broken = rung_of(1000, 0.99);
  time_out(broken, 0.02);
  const Ladder ladder = ladder_of_rungs("keys", {rung_of(250, 0.3), rung_of(500, 0.6), broken, rung_of(2000, 0.5)});
  EXPECT_EQ(ladder.knee.held_rps, 500);
  EXPECT_EQ(ladder.knee.ended_rps, 1000);
  EXPECT_EQ(ladder.knee.text(), "500/s");
  EXPECT_EQ(ladder.rungs[3].state, State::kHeld) << "what held above a broken rung is no knee";
  ASSERT_NE(ladder.ended_at(), nullptr);
  EXPECT_THAT(ladder.ended_at()->reasons, ElementsAre("2 % failed"));
}

TEST(Knee, IsABoundWhereEveryRungHeld) {
  const Ladder ladder = ladder_of_rungs("index", {rung_of(500, 0.2), rung_of(30'000, 0.7)});
  EXPECT_EQ(ladder.knee.text(), "≥ 30,000/s");
  EXPECT_EQ(ladder.ended_at(), nullptr);
}

TEST(Knee, PassesOverWhatIsInDoubt) {
  auto doubtful = rung_of(500, 0.3);
  doubtful.verdict = "invalid";
  time_out(doubtful, 0.1);
  auto top = doubtful;
  top.planned_rps = 5000;
  const Ladder ladder = ladder_of_rungs("index", {rung_of(250, 0.2), doubtful, rung_of(1000, 0.4), top});
  EXPECT_EQ(ladder.knee.held_rps, 1000);
  EXPECT_EQ(ladder.knee.ended_rps, 5000);
  EXPECT_EQ(ladder.knee.text(), "≥ 1,000/s") << "above it nothing is known";
  const Ladder none = ladder_of_rungs("index", {doubtful});
  EXPECT_EQ(none.knee.text(), "in doubt");
  auto broken = rung_of(2000, 0.99);
  time_out(broken, 0.1);
  const Ladder both = ladder_of_rungs("index", {rung_of(250, 0.2), doubtful, broken});
  EXPECT_EQ(both.knee.ended_rps, 500);
  EXPECT_TRUE(both.knee.is_bound()) << "it may have held 500/s";
}

TEST(Knee, IsBelowTheFirstRungWhereThatBroke) {
  auto broken = rung_of(250, 0.99);
  broken.achieved_rps = 200;
  const Ladder ladder = ladder_of_rungs("keys", {broken});
  EXPECT_FALSE(ladder.knee.held_rps.has_value());
  EXPECT_EQ(ladder.knee.text(), "< 250/s");
  EXPECT_THAT(ladder.rungs[0].reasons, ElementsAre("200/s of 250/s answered"));
}

TEST(Rung, BreaksWithAGateOfItsOwn) {
  auto rung = rung_of(500, 0.2);
  rung.gates = {{"p99(status) < 1ms", "1.20 ms", "< 1 ms", false}, {"errors < 1%", "0 %", "< 1 %", true}};
  const Ladder ladder = ladder_of_rungs("index", {rung_of(250, 0.1), rung});
  EXPECT_EQ(ladder.rungs[1].state, State::kBroke);
  EXPECT_THAT(ladder.rungs[1].reasons, ElementsAre("p99(status) < 1ms does not hold: it was 1.20 ms"));
}

TEST(Rung, BendsWhenItsTimesJumpAndNotWhenTheyGrow) {
  auto grown = rung_of(500, 0.3), jumped = rung_of(1000, 0.5);
  grown.steps[0].second.response_time_ms.p99 = HoldRule::kBendMillis;  // many times what it was, but few milliseconds
  jumped.steps[0].second.response_time_ms.p99 = 90;
  const Ladder ladder = ladder_of_rungs("index", {rung_of(100, 0.1), rung_of(250, 0.2), grown, jumped});
  EXPECT_EQ(ladder.rungs[2].state, State::kHeld);
  EXPECT_EQ(ladder.rungs[3].state, State::kBroke);
  EXPECT_THAT(ladder.rungs[3].reasons, ElementsAre("p99 of status bent: 90.0 ms after 1.00 ms below"));
}

TEST(Rung, IsInDoubtWhereTheGeneratorWasLateAndNobodyElseWasBusy) {
  auto late = rung_of(1000, 0.5);
  late.verdict = "invalid";
  time_out(late, 0.1);
  const Ladder doubtful = ladder_of_rungs("index", {rung_of(250, 0.2), late});
  EXPECT_EQ(doubtful.rungs[1].state, State::kInDoubt);
  EXPECT_TRUE(doubtful.knee.in_doubt);
  late.components[0].second = use_of(0.99, 1, 0);
  const Ladder broken = ladder_of_rungs("keys", {rung_of(250, 0.2), late});
  EXPECT_EQ(broken.rungs[1].state, State::kBroke) << "a Redis that is full explains it";
  auto held = rung_of(1000, 0.5);
  held.verdict = "invalid";
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("index", {held}));
  const LadderStudy study = study_of(std::move(ladders));
  EXPECT_EQ(study.ladders[0].rungs[0].state, State::kHeld) << "its times count the lateness as well";
  EXPECT_THAT(study.warnings, ElementsAre(HasSubstr("index at 1,000/s: the generator was late")));
}

TEST(Rung, IsInDoubtWhereOtherProgramsTookTheMachine) {
  auto rung = rung_of(1000, 0.5);
  time_out(rung, 0.1);
  rung.components.emplace_back("machine", use_of(1.9, 2, 0));
  RunReport run = run_of({rung_of(250, 0.1), rung});
  run.components.push_back({.name = "machine", .source = "/proc/stat", .kind = "machine", .limit_cores = 2});
  auto ladder = ladder_of("index", "runs/index", run);
  ASSERT_TRUE(ladder.has_value()) << ladder.error().message;
  EXPECT_NEAR(*ladder->rungs[1].others_share, (1.9 - 0.5 - 0.4) / 2, 1e-9);
  EXPECT_FALSE(ladder->rungs[0].others_share.has_value()) << "the machine was not seen there";
  // What a part on another machine used is none of this one's.
  for (const char* elsewhere : {"redis://10.0.0.7:6379", "rediss://user:127.0.0.1@10.0.0.7", "http://h/127.0.0.1"}) {
    run.components[0].source = elsewhere;
    EXPECT_NEAR(*ladder_of("index", "runs/index", run)->rungs[1].others_share, (1.9 - 0.4) / 2, 1e-9) << elsewhere;
  }
  for (const char* here : {"redis://127.0.0.1:6379", "redis://:secret@localhost/0", "redis://[::1]:6379"}) {
    run.components[0].source = here;
    EXPECT_NEAR(*ladder_of("index", "runs/index", run)->rungs[1].others_share, (1.9 - 0.5 - 0.4) / 2, 1e-9) << here;
  }
  EXPECT_EQ(ladder->rungs[1].state, State::kInDoubt);
  EXPECT_THAT(ladder->rungs[1].reasons.back(), HasSubstr("other programs took 50 % of the machine"));
  std::vector<Ladder> ladders;
  ladders.push_back(std::move(*ladder));
  EXPECT_THAT(study_of(std::move(ladders)).warnings, ElementsAre(HasSubstr("took up to 50 % of the machine")));
  run.rungs[1].components.back().second = use_of(1.1, 2, 0);
  EXPECT_EQ(ladder_of("index", "runs/index", run)->rungs[1].state, State::kBroke);
}

TEST(Ladder, LeavesOutARungThatTheRunHardlyBegan) {
  auto sliver = rung_of(1000, 0.5);
  for (auto& count : sliver.outcomes) count /= 10;
  const Ladder ladder = ladder_of_rungs("keys", {rung_of(250, 0.2), sliver});
  EXPECT_EQ(ladder.rungs.size(), 1U);
}

TEST(Ladder, CountsCpuByStatusThatWasAnswered) {
  auto rung = rung_of(1000, 0.5);
  rung.components.emplace_back("redis-2", use_of(0.7, 1, 100));
  time_out(rung, 0.5);
  RunReport run = run_of({rung});
  run.components.push_back({.name = "redis-2", .source = "redis://h", .kind = "redis", .limit_cores = 1});
  const auto read = ladder_of("cluster", "runs/cluster", run);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const Ladder& ladder = *read;
  const PartUse& redis = ladder.rungs[0].redis;
  EXPECT_NEAR(*redis.cores, 1.2, 1e-9);
  EXPECT_NEAR(*redis.share, 0.7, 1e-9) << "of several, the busiest is the one that binds";
  EXPECT_NEAR(*redis.commands_per_sec, 2100, 1e-9);
  EXPECT_NEAR(*redis.cpu_us_per_status, 1.2e6 / 500, 1e-6);
  EXPECT_NEAR(*ladder.rungs[0].gateway.cpu_us_per_status, 0.4e6 / 500, 1e-6);
  EXPECT_EQ(ladder.rungs[0].nearest, "redis-2");
}

TEST(Ladder, SaysWhatIsNoLadder) {
  EXPECT_THAT(fault_of(run_of({})), HasSubstr("keys=runs/keys: this run is no ladder: it has no rungs"));
  RunReport unwatched = run_of({rung_of(250, 0.1)});
  unwatched.components.pop_back();
  EXPECT_THAT(fault_of(unwatched), HasSubstr("run the ladder with --observe gateway=…"));
  unwatched.components.clear();
  EXPECT_THAT(fault_of(unwatched), HasSubstr("--observe redis=…"));
  EXPECT_THAT(fault_of(run_of({rung_of(250, 0.1), rung_of(251, 0.1)})), HasSubstr("have the same rate"));
  RunReport no_status = run_of({rung_of(250, 0.1)});
  no_status.rungs[0].steps[0].first = "request";
  EXPECT_THAT(fault_of(no_status), HasSubstr("no rung has a status request"));
}

TEST(RateColumns, AreEachRateOnce) {
  EXPECT_THAT(rate_columns({1000, 250, 500, 252, 998, 250}), ElementsAre(250, 500, 998));
  EXPECT_THAT(rate_columns({}), IsEmpty());
  EXPECT_FALSE(same_rate(20'000, 30'000));
}

TEST(LadderStudy, LinesRungsUpByRate) {
  const LadderStudy study = two_strategies();
  EXPECT_THAT(study.rates, ElementsAre(250, 500, 1000));
  EXPECT_EQ(rung_at(study.ladders[1], 500)->planned_rps, 501);
  EXPECT_EQ(rung_at(study.ladders[1], 2000), nullptr);
  ASSERT_EQ(study.ratios.size(), 3U);
  EXPECT_EQ(study.ratios[1].dividend->name, "index");
  EXPECT_NEAR(*study.ratios[1].redis_cpu, 0.1, 1e-9);
  EXPECT_TRUE(study.ratios[1].both_held);
  EXPECT_FALSE(study.ratios[2].both_held);
}

TEST(LadderStudy, ConcludesFromTheFiguresAlone) {
  const LadderStudy study = two_strategies();
  ASSERT_EQ(study.conclusions.size(), 4U);
  EXPECT_THAT(study.conclusions[0], HasSubstr("keys (5,000 users) held 500/s: Redis at 60 % of its limit"));
  EXPECT_THAT(study.conclusions[0], HasSubstr("at 1,000/s broke: Redis at 99 % of its limit"));
  EXPECT_THAT(study.conclusions[0], HasSubstr("40 % failed; nearest its limit was redis, 99 %."));
  EXPECT_THAT(study.conclusions[1], HasSubstr("index (5,000 users) held every rung, up to 1,000/s"));
  EXPECT_EQ(study.conclusions[2],
            "The knee of index (≥ 1,000/s) is at least 2 times that of keys (500/s), with 5,000 users.");
  EXPECT_THAT(study.conclusions[3], HasSubstr("At 500/s with 5,000 users index used 0.1 times the Redis CPU of keys"));
}

TEST(LadderStudy, ComparesOnlyCrowdsOfOneSize) {
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("keys", {rung_of(250, 0.3)}, 5000));
  ladders.push_back(ladder_of_rungs("index", {rung_of(250, 0.03)}, 300'000));
  const LadderStudy study = study_of(std::move(ladders));
  EXPECT_THAT(study.ratios, IsEmpty());
  EXPECT_EQ(study.conclusions.size(), 2U);
}

TEST(LadderStudy, WarnsOfACrowdThatStillGathered) {
  auto rung = rung_of(250, 0.1);
  RunReport::Step joins;
  joins.count = 7;
  rung.steps.emplace_back("join", joins);
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("keys", {rung}));
  EXPECT_THAT(study_of(std::move(ladders)).warnings,
              ElementsAre(HasSubstr("keys: 7 of the 2,500 requests of its rungs were joins")));
}

TEST(LadderStudy, RefusesWhatItCannotShow) {
  EXPECT_FALSE(study_ladders({}, "t", {}).has_value());
  std::vector<Ladder> twins;
  twins.push_back(ladder_of_rungs("keys", {rung_of(250, 0.1)}));
  twins.push_back(ladder_of_rungs("keys", {rung_of(250, 0.1)}));
  const auto study = study_ladders(std::move(twins), "t", {});
  ASSERT_FALSE(study.has_value());
  EXPECT_THAT(study.error().message, HasSubstr("two ladders are called 'keys'"));
}

TEST(StudyJson, HasEveryFigureAndNullForWhatNobodySaw) {
  auto rung = rung_of(250, 0.25);
  rung.components.pop_back();
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("keys", {rung}));
  const auto document = nlohmann::json::parse(study_json(study_of(std::move(ladders))));
  EXPECT_EQ(document["schema"], "tacos.ladders/1");
  const auto& written = document["ladders"][0];
  EXPECT_EQ(written["knee"]["held_rps"], 250);
  EXPECT_TRUE(written["knee"]["ended_rps"].is_null());
  EXPECT_EQ(written["rungs"][0]["redis"]["share"], 0.25);
  EXPECT_TRUE(written["rungs"][0]["gateway"]["share"].is_null());
  EXPECT_EQ(written["rungs"][0]["state"], "held");
}

TEST(StudyText, FitsTheTerminalAndMarksTheKnee) {
  const LadderStudy study = two_strategies();
  for (const std::size_t width : {60U, 80U, 140U}) {
    const std::string text = study_text(study, width);
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      EXPECT_LE(core::columns_of(text.substr(from, end - from)), width) << text.substr(from, end - from);
      from = end + 1;
    }
  }
  EXPECT_THAT(study_text(study, 140), HasSubstr("knee"));
  EXPECT_THAT(study_markdown(study), HasSubstr("| 500/s | keys | **knee** |"));
  EXPECT_THAT(study_markdown(study), HasSubstr("| keys | 5,000 | 500/s |"));
}

TEST(StudyPage, MarksTheKneeAndEscapesNames) {
  std::vector<Ladder> ladders;
  ladders.push_back(ladder_of_rungs("<b>keys</b>", {rung_of(250, 0.9)}));
  const std::string page = study_page(study_of(std::move(ladders)));
  EXPECT_THAT(page, HasSubstr("<tr class=\"knee first-of-rate\">"));
  EXPECT_THAT(page, HasSubstr("style=\"--share:90.0%\">90 %</td>"));
  EXPECT_THAT(page, HasSubstr(HoldRule::words()));
  EXPECT_THAT(page.substr(0, page.find("<script type=\"application/json\"")), Not(HasSubstr("<b>keys")));
}

}  // namespace
}  // namespace tacos::report
