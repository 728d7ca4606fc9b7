#include "tacos-plan/command/command_line.h"

#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/command/typed.h"

namespace tacos::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Command = CommandLine::Command;

TEST(ParseCommandLine, PlansWhenNothingIsTyped) {
  const auto command = typed({});
  EXPECT_EQ(command.command, Command::kPlan);
  EXPECT_EQ(command.format, "text");
  EXPECT_TRUE(command.out.empty());
  EXPECT_TRUE(command.quantities.empty());
}

TEST(ParseCommandLine, KnowsTheContractsCommandLine) {
  const auto command = typed({"--users", "300000", "--seats", "10000", "--target-wait", "5m", "--format", "markdown"});
  EXPECT_EQ(command.format, "markdown");
  EXPECT_THAT(command.quantities,
              ElementsAre(testing::Pair(Quantity::kUsers, "300000"), testing::Pair(Quantity::kSeats, "10000"),
                          testing::Pair(Quantity::kTargetWait, "5m")));
}

TEST(ParseCommandLine, KnowsEveryCommand) {
  EXPECT_EQ(typed({"simulate"}).command, Command::kSimulate);
  EXPECT_EQ(typed({"compare"}).command, Command::kCompare);
  EXPECT_EQ(typed({"sensitivity"}).command, Command::kSensitivity);
  EXPECT_EQ(typed({"calibrate", "a", "b"}).command, Command::kCalibrate);
  EXPECT_THAT(typed({"calibrate", "a", "b"}).reports, ElementsAre("a", "b"));
  EXPECT_EQ(typed({"verify", "a"}).command, Command::kVerify);
  EXPECT_EQ(typed({"scenario"}).command, Command::kScenario);
  EXPECT_EQ(typed({"assumptions"}).command, Command::kAssumptions);
}

TEST(ParseCommandLine, GivesEveryQuantityAFlagOfItsOwn) {
  std::set<std::string> flags;
  for (const auto& spec : all_quantities()) {
    const std::string flag = flag_of(spec);
    EXPECT_TRUE(flags.insert(flag).second) << flag;
    const auto command = typed({flag, fmt::format("{}", spec.value)});
    EXPECT_THAT(command.quantities, ElementsAre(testing::Pair(spec.id, fmt::format("{}", spec.value)))) << flag;
  }
}

TEST(ParseCommandLine, GivesEveryChoiceAFlag) {
  const PlanInputs defaults;
  for (const auto& choice : all_choices()) {
    std::string flag = "--" + std::string(choice.name);
    for (auto& c : flag) c = c == '_' ? '-' : c;
    const std::string value = choice_value(defaults, choice.name);
    EXPECT_THAT(typed({flag, value}).choices, ElementsAre(testing::Pair(std::string(choice.name), value))) << flag;
  }
}

TEST(ParseCommandLine, FlagsStandBeforeOrBehindACommand) {
  for (const auto& words :
       {std::vector<std::string>{"sensitivity", "--users", "5k", "--poll", "fixed", "--out", "a"},
        std::vector<std::string>{"--users", "5k", "--poll", "fixed", "--out", "a", "sensitivity"}}) {
    const auto command = typed(words);
    EXPECT_EQ(command.command, Command::kSensitivity);
    EXPECT_EQ(command.quantities.size(), 1U);
    EXPECT_EQ(command.choices.size(), 1U);
    EXPECT_EQ(command.out, "a");
  }
}

TEST(ParseCommandLine, KeepsTheFilesOfInputsInOrder) {
  EXPECT_THAT(typed({"--inputs", "a", "--inputs", "b", "verify", "run"}).input_files, ElementsAre("a", "b"));
}

TEST(ParseCommandLine, TheNameOfTheFileSaysTheFormatUnlessAFlagDoes) {
  EXPECT_EQ(typed({"--out", "plan.json"}).format, "json");
  EXPECT_EQ(typed({"--out", "plan.html"}).format, "html");
  EXPECT_EQ(typed({"--out", "plan.md"}).format, "markdown");
  EXPECT_EQ(typed({"--out", "plan.txt"}).format, "text");
  EXPECT_EQ(typed({"--out", "json"}).format, "text");
  EXPECT_EQ(typed({"--out", "plan.json", "--format", "text"}).format, "text");
  EXPECT_EQ(typed({"sensitivity", "--format", "html", "--out", "plan.json"}).format, "html");
}

TEST(ParseCommandLine, HelpAndVersionAreNoFaults) {
  for (const char* word : {"--help", "--version"}) {
    const auto result = parsed({word});
    EXPECT_FALSE(result.command.has_value());
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr("tacos-plan"));
  }
  const auto help = parsed({"--help"});
  for (const auto& spec : all_quantities()) EXPECT_THAT(help.output, HasSubstr(flag_of(spec) + " "));
  EXPECT_THAT(parsed({"verify", "--help"}).output, HasSubstr("Exits 1 when a promise is broken"));
}

TEST(ParseCommandLine, WhatItDoesNotKnowExitsTwoAndIsNamed) {
  const std::pair<std::vector<std::string>, const char*> faults[] = {
      {{"--usres", "5"}, "--usres"},
      {{"plann"}, "plann"},
      {{"--users"}, "--users"},
      {{"--format", "xml"}, "xml"},
      {{"verify"}, "REPORT"},
      {{"verify", "a", "b"}, "b"},
      {{"calibrate"}, "REPORT"},
      {{"sensitivity", "--vary", "0"}, "above 0 and up to 90%"},
      {{"sensitivity", "--vary", "95%"}, "above 0 and up to 90%"},
      {{"sensitivity", "verify", "a"}, "verify"},
      {{"simulate", "--seed", "-1"}, "--seed"},
      {{"compare", "--seed", "1.5"}, "--seed"}};
  for (const auto& [words, named] : faults) {
    const auto result = parsed(words);
    EXPECT_FALSE(result.command.has_value()) << named;
    EXPECT_EQ(result.exit_code, 2) << named;
    EXPECT_THAT(result.output, HasSubstr(named));
    EXPECT_THAT(result.output, HasSubstr("See tacos-plan --help"));
  }
}

TEST(ParseCommandLine, VaryIsAShareHoweverItIsWritten) {
  EXPECT_DOUBLE_EQ(typed({"sensitivity", "--vary", "50%"}).vary, 0.5);
  EXPECT_DOUBLE_EQ(typed({"sensitivity", "--vary", "0.5"}).vary, 0.5);
  EXPECT_DOUBLE_EQ(typed({"sensitivity"}).vary, 0.2);
}

}  // namespace
}  // namespace tacos::plan
