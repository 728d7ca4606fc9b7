#include "tacos-plan/document/document_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/text_columns.h"
#include "sample_document.h"
#include "tacos-plan/document/ink.h"

namespace tacos::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = Document::Column::Kind;
using Tone = Document::Tone;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string without_colours(std::string text) {
  for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

std::string text_of(Document::Block block, const TextOptions& options = {}) {
  Document d;
  d.sections.push_back({"Section", {std::move(block)}});
  return document_text(d, options);
}

Document::Table a_table() {
  Document::Table table{{{"name"}, {"value", Kind::kNumber}, {"third", Kind::kNumber, 2}, {"second", Kind::kNumber, 1}},
                        {}};
  table.rows = {{{"a row of some length", "1,000,000", "3,000,000", "2,000,000"}}, {{"short", "1", "3", "2"}}};
  return table;
}

// Everything of the sample, with words and names no screen has room for.
Document a_wide_document() {
  Document d = sample_document();
  const std::string long_word(150, 'w'),
      cjk = "대기열에서기다리는사람들의순서를알려주는아주긴문장입니다그리고더길어집니다";
  d.title = long_word + " " + cjk;
  d.headline += " " + cjk;
  d.reasons.push_back(long_word);
  d.origin = long_word;
  Document::Table table{{{cjk}, {long_word, Kind::kNumber}, {"use of something", Kind::kBar}, {"why"}}, {}};
  table.rows = {{{cjk, "1,234,567.89", Document::Cell::bar(0.5, Tone::kBad), long_word}},
                {{long_word, "2", Document::Cell::bar(1), Document::Cell(cjk, Tone::kGood)}}};
  report::Chart chart{long_word, cjk};
  chart.series = {{cjk, {{0, 1}, {1, 2}}}, {long_word, {}}};
  d.sections.push_back(
      {cjk + long_word,
       {table, Document::Paragraph{cjk + " " + long_word},
        Document::Notices{{{Tone::kBad, long_word, cjk}, {Tone::kGood, "", long_word}}},
        Document::Figures{{{long_word, cjk, long_word}, {"1", "2", "3"}, {cjk, "", ""}}}, Document::Charts{{chart}}}});
  return d;
}

TEST(DocumentText, NoLineIsWiderThanTheScreen) {
  const Document d = a_wide_document();
  for (const std::size_t width : {20u, 45u, 60u, 80u, 120u, 200u}) {
    for (const bool unicode : {false, true}) {
      for (const bool colour : {false, true}) {
        for (const auto& line : lines_of(document_text(d, {width, colour, unicode, true}))) {
          EXPECT_LE(core::columns_of(without_colours(line)), width) << line;
        }
      }
    }
  }
}

TEST(DocumentText, LosesNothingOfALongWord) {
  const std::string text = text_of(Document::Paragraph{std::string(150, 'w') + " end"}, {45});
  EXPECT_EQ(std::count(text.begin(), text.end(), 'w'), 150);
  EXPECT_THAT(text, HasSubstr("end"));
}

TEST(DocumentText, BeginsWithTitleHeadlineAndReasons) {
  const auto lines = lines_of(document_text(sample_document(), {}));
  EXPECT_EQ(lines[0], "300,000 users, 10,000 seats, everyone in within 5 min");
  EXPECT_THAT(lines[2], StartsWith("! It holds on 3 small nodes"));
  EXPECT_EQ(lines[4], "  - the hottest slot runs at 62 % of what one core does, below the limit of 70 %");
}

TEST(DocumentText, ColoursAreTheOnlyDifferenceOfAColouredText) {
  const Document d = sample_document();
  const std::string plain = document_text(d, {80, false, true, true}),
                    coloured = document_text(d, {80, true, true, true});
  EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m"));
  EXPECT_EQ(without_colours(coloured), plain);
}

TEST(DocumentText, IsAsciiWhereThereIsNoMore) {
  Document d = a_wide_document();
  d.reasons = {"wait ≤ 5 min – “fine” → 2 µs × 3"};
  const std::string text = document_text(d, {80, false, false, true});
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  EXPECT_THAT(text, AllOf(HasSubstr("wait <= 5 min - \"fine\" -> 2 us x 3"), HasSubstr("#####...")));
}

TEST(DocumentText, NoTextMovesTheCursor) {
  const std::string hostile =
      "a\x1b[2J\rb\n# c\x07\x9b"
      "1m\xc2\x9b"
      "2m\x7f";
  Document d;
  d.title = d.headline = d.origin = hostile;
  d.reasons = {hostile};
  Document::Table table{{{hostile}, {hostile, Kind::kNumber}}, {{{hostile, hostile}}}};
  report::Chart chart{hostile, hostile};
  chart.series = {{hostile, {{0, 1}, {1, 2}}}};
  d.sections = {{hostile,
                 {Document::Paragraph{hostile}, Document::Notices{{{Tone::kBad, hostile, hostile}}},
                  Document::Figures{{{hostile, hostile, hostile}}}, table, Document::Charts{{chart}}}},
                {hostile, {Document::Paragraph{hostile}}, true}};
  for (const bool details : {false, true}) {
    const std::string text = document_text(d, {80, false, true, details});
    for (const char* steering : {"\x1b", "\r", "\x07",
                                 "\x9b"
                                 "1m",
                                 "\xc2\x9b", "\x7f", "\n# c"}) {
      EXPECT_THAT(text, Not(HasSubstr(steering)));
    }
  }
}

TEST(DocumentText, ATableIsAsWideAsWhatIsInItWithNumbersToTheRight) {
  EXPECT_THAT(text_of(a_table()), HasSubstr("  name                      value      third     second\n"
                                            "  ─────────────────────────────────────────────────────\n"
                                            "  a row of some length  1,000,000  3,000,000  2,000,000\n"
                                            "  short                         1          3          2\n"));
}

TEST(DocumentText, ANarrowTableLeavesOutItsSpareColumnsInOrder) {
  const auto shown = [](std::size_t width) { return text_of(a_table(), {width}); };
  EXPECT_THAT(shown(60), AllOf(HasSubstr("third"), HasSubstr("second")));
  EXPECT_THAT(shown(46), AllOf(Not(HasSubstr("third")), HasSubstr("second")));
  EXPECT_THAT(shown(34), AllOf(Not(HasSubstr("third")), Not(HasSubstr("second")), HasSubstr("1,000,000")));
}

TEST(DocumentText, ATableThatNothingMakesNarrowEnoughIsAListOfItsRows) {
  Document::Table table{{{"name"}, {"first", Kind::kNumber}, {"second", Kind::kNumber}}, {}};
  table.rows = {{{"a row", "1,000,000,000", Document::Cell("2,000,000,000", Tone::kBad)}}};
  EXPECT_THAT(text_of(table, {28}), HasSubstr("  a row\n    first: 1,000,000,000\n    second: 2,000,000,000 ✗\n"));
}

TEST(DocumentText, ATotalIsSetApart) {
  Document::Table table{{{"item"}, {"USD", Kind::kNumber}}, {{{"node", "2"}}, {{"all", "2"}, true}}};
  EXPECT_THAT(text_of(table), HasSubstr("  node    2\n  ─────────\n  all     2\n"));
  EXPECT_THAT(text_of(table, {80, true}), HasSubstr("\x1b[1mall"));
}

TEST(DocumentText, ATableWithoutRowsSaysSo) {
  EXPECT_THAT(text_of(Document::Table{{{"what"}}, {}}), HasSubstr("none\n"));
}

TEST(DocumentText, ARowMayHaveFewerCellsThanThereAreColumns) {
  Document::Table table = a_table();
  table.columns[1].kind = Kind::kBar;
  table.rows.push_back({{"alone"}});
  table.rows.push_back({});
  EXPECT_THAT(text_of(table), HasSubstr("\n  alone\n"));
}

TEST(DocumentText, ABarIsNeverFullBeforeTheWholeNorEmptyForSomething) {
  const auto bar = [](double share) {
    const Document::Table table{{{"n"}, {"use", Kind::kBar}}, {{{"x", Document::Cell::bar(share)}}}};
    return lines_of(text_of(table)).back();
  };
  EXPECT_EQ(bar(0), "  x  ░░░░░░░░░░░░░░░░░░░░ 0 %");
  EXPECT_EQ(bar(0.001), "  x  █░░░░░░░░░░░░░░░░░░░ 0.1 %");
  EXPECT_EQ(bar(0.5), "  x  ██████████░░░░░░░░░░ 50 %");
  EXPECT_EQ(bar(0.999), "  x  ███████████████████░ 99.9 %");
  EXPECT_EQ(bar(1), "  x  ████████████████████ 100 %");
  EXPECT_EQ(bar(3), "  x  ████████████████████ 300 %");
  EXPECT_EQ(bar(-1), "  x  ░░░░░░░░░░░░░░░░░░░░ -100 %");
  EXPECT_EQ(bar(std::nan("")), "  x  ░░░░░░░░░░░░░░░░░░░░ –");
}

TEST(DocumentText, TonesAreToldWithoutColour) {
  Document::Table table{{{"n"}, {"v", Kind::kNumber}, {"w"}}, {}};
  table.rows = {{{"a", Document::Cell("1", Tone::kBad), Document::Cell("yes", Tone::kGood)}}, {{"b", "22", "no"}}};
  EXPECT_THAT(text_of(table), AllOf(HasSubstr("  a   1 ✗  ✓ yes\n"), HasSubstr("  b  22      no\n")));
  EXPECT_THAT(text_of(table, {80, false, false}), HasSubstr("  a   1 !!  + yes\n"));
}

TEST(DocumentText, ASectionWithNothingInItIsLeftOut) {
  Document d;
  d.title = "t";
  d.sections = {
      {"Empty", {}},
      {"Hollow",
       {Document::Notices{}, Document::Figures{}, Document::Charts{}, Document::Table{}, Document::Paragraph{}}}};
  EXPECT_EQ(document_text(d, {}), "t\n");
}

TEST(DocumentText, DetailsComeWhenAskedForAndAreNamedOtherwise) {
  const Document d = sample_document();
  EXPECT_THAT(document_text(d, {}), AllOf(Not(HasSubstr("N ÷ a")), HasSubstr("Details left out: Formulas.")));
  EXPECT_THAT(document_text(d, {80, false, true, true}), AllOf(HasSubstr("N ÷ a"), Not(HasSubstr("left out: Form"))));
}

TEST(DocumentText, NoticesHangBesideTheirCodes) {
  const Document::Notices notices{{{Tone::kBad, "HOT_SLOT", "One slot has it all."}, {Tone::kPlain, "AGE", "Old."}}};
  EXPECT_THAT(text_of(notices), HasSubstr("  ✗ HOT_SLOT  One slot has it all.\n  - AGE       Old.\n"));
  EXPECT_THAT(text_of(notices, {40}), HasSubstr("  ✗ HOT_SLOT\n    One slot has it all.\n"));
}

TEST(DocumentText, APercentageIsNotPartedFromItsNumber) {
  EXPECT_THAT(text_of(Document::Paragraph{"below the limit of 70 %"}, {24}), HasSubstr("of\n  70 %\n"));
}

TEST(DocumentText, AChartIsASparklineWithItsEnds) {
  report::Chart chart{"Queue", "from the opening"};
  chart.series = {{"waiting", {{0, 300000}, {150, 150000}, {300, 0}}}, {"seated", {{0, 0}, {300, 10000}}}};
  const std::string text = text_of(Document::Charts{{chart}});
  EXPECT_THAT(text, AllOf(HasSubstr("  Queue\n  from the opening\n  waiting  ██"), HasSubstr("0 to 300,000\n"),
                          HasSubstr("0 to 10,000\n"), HasSubstr("           0 s to 5 min\n")));
}

TEST(DocumentText, APeakBetweenColumnsIsDrawn) {
  report::Chart chart{"t"};
  report::Chart::Series series{"s", {}};
  for (int i = 0; i < 10000; ++i) series.points.emplace_back(i, i == 5001 ? 100 : 0);
  chart.series = {series};
  EXPECT_THAT(text_of(Document::Charts{{chart}}), HasSubstr("█"));
}

TEST(DocumentText, AChartWithoutDataSaysSo) {
  report::Chart chart{"Queue"};
  EXPECT_THAT(text_of(Document::Charts{{chart}}), HasSubstr("  Queue\n  no data\n"));
  chart.series = {{"s", {{0, std::nan("")}, {std::numeric_limits<double>::infinity(), 1}}}};
  EXPECT_THAT(text_of(Document::Charts{{chart}}), HasSubstr("  Queue\n  no data\n"));
  chart.log_y = true;
  chart.series = {{"s", {{0, 0}, {1, -1}}}, {"one point", {{1, 1}}}};
  EXPECT_THAT(text_of(Document::Charts{{chart}}), HasSubstr("no data\n"));
}

TEST(DocumentText, NamesTooLongForALineArePartedAtTheirJoints) {
  EXPECT_EQ(wrapped("admission.by_seats_per_sec", 24), (std::vector<std::string>{"admission.by_seats_per_", "sec"}));
  EXPECT_EQ(wrapped("admission.by_seats_per_sec", 30), (std::vector<std::string>{"admission.by_seats_per_sec"}));
  EXPECT_EQ(wrapped("see redis.memory_bytes", 13), (std::vector<std::string>{"see", "redis.memory_", "bytes"}));
}

}  // namespace
}  // namespace tacos::plan
