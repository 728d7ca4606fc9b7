#include <cmath>
#include <regex>
#include <stdexcept>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-plan/document/document_html.h"
#include "tacos-plan/document/document_markdown.h"
#include "tacos-plan/document/document_text.h"
#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/sensitivity.h"
#include "tacos-plan/report/assumptions_document.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/report/plan_json.h"
#include "tacos-plan/report/sensitivity_document.h"
#include "tacos-plan/report/verification_document.h"
#include "unit/tacos-plan/plan/planned.h"
#include "unit/tacos-plan/proof/sale_run.h"

namespace tacos::plan {
namespace {

using testing::HasSubstr;
using Q = Quantity;

std::string everything(const Document& document) {
  TextOptions options;
  options.details = true;
  options.width = 200;  // so that names are not broken over lines
  return document_text(document, options);
}

const Document::Section* section(const Document& document, const std::string& title) {
  for (const auto& section : document.sections) {
    if (section.title == title) return &section;
  }
  ADD_FAILURE() << "there is no section " << title;
  return nullptr;
}

const Document::Table& table(const Document& document, const std::string& title) {
  for (const auto& block : section(document, title)->blocks) {
    if (const auto* found = std::get_if<Document::Table>(&block)) return *found;
  }
  throw std::logic_error("no table in " + title);
}

// A number that is none, in any of the ways in which one is printed.
std::string no_number_in(const std::string& text) {
  static const std::regex kNoNumber("(^|[^A-Za-z])(-?nan|-?inf|NaN|Infinity|null|-0)([^A-Za-z0-9.]|$)");
  std::smatch found;
  if (!std::regex_search(text, found, kNoNumber)) return "";
  const auto at = static_cast<std::size_t>(found.position());
  return text.substr(at < 60 ? 0 : at - 60, 120);
}

TEST(PlanDocument, LeadsWithTheAnswer) {
  const Document document = plan_document(planned(PlanInputs()), "tacos-plan --users 300000");
  EXPECT_EQ(document.title, "300,000 users, 10,000 seats, everyone in within 5 min");
  EXPECT_THAT(document.headline, HasSubstr("Let in 1,000/s (set by the wait)."));
  EXPECT_THAT(document.headline, HasSubstr("290,000 people get none"));
  EXPECT_THAT(document.origin, HasSubstr("tacos-plan --users 300000"));
}

TEST(PlanDocument, OneOfAKindIsOne) {
  EXPECT_EQ(title_of(inputs_with({{Q::kUsers, 1}, {Q::kSeats, 1}})), "1 user, 1 seat, everyone in within 5 min");
}

TEST(PlanDocument, HoldsEveryFormulaAssumptionQuotaAndWarning) {
  const Plan plan = planned(PlanInputs());
  const std::string text = everything(plan_document(plan, ""));
  for (const auto& derivation : plan.derivations)
    EXPECT_NE(text.find(derivation.name), std::string::npos) << derivation.name;
  for (const auto& warning : plan.warnings) EXPECT_NE(text.find(warning.code), std::string::npos) << warning.code;
  const Document document = plan_document(plan, "");
  EXPECT_EQ(table(document, "Every formula").rows.size(), plan.derivations.size());
  EXPECT_EQ(table(document, "Every assumption").rows.size(), all_quantities().size());
  EXPECT_EQ(table(document, "Service quotas by default").rows.size(), plan.quotas.size());
  EXPECT_EQ(table(document, "What breaks first").rows.size(), plan.headroom.size());
}

TEST(PlanDocument, CostTableHasEveryLineAndItsThreeTotals) {
  const Plan plan = planned(PlanInputs());
  const auto& cost = table(plan_document(plan, ""), "Cost");
  EXPECT_EQ(cost.rows.size(), plan.cost.lines.size() + 3);
  std::vector<std::string> totals;
  for (const auto& row : cost.rows) {
    if (row.total) totals.push_back(row.cells[1].text);
  }
  EXPECT_THAT(totals, testing::ElementsAre(usd_text(plan.cost.per_event_usd), usd_text(plan.cost.standing_usd),
                                           usd_text(plan.cost.per_month_usd)));
}

TEST(PlanDocument, AConflictStandsAtTheTop) {
  const Plan plan = planned(inputs_with({{Q::kTargetWait, 1}, {Q::kUsers, 1e6}}));
  const Document document = plan_document(plan, "");
  EXPECT_EQ(document.tone, Document::Tone::kBad);
  ASSERT_FALSE(document.reasons.empty());
  EXPECT_EQ(document.reasons.front(), plan.warnings.front().text);
}

TEST(PlanDocument, OfTheOriginalSetsItsFiguresBesideTodays) {
  PlanInputs inputs;
  inputs.apply_profile(Profile::kOriginal);
  const Plan plan = planned(inputs);
  EXPECT_EQ(table(plan_document(plan, ""), "The original's reckoning").rows.size(), plan.original.size());
}

TEST(SensitivityDocument, NamesWhatToMeasureFirst) {
  const Plan plan = planned(PlanInputs());
  const auto all = sensitivities(plan, catalogues_of(plan.inputs), 0.2);
  const Document document = sensitivity_document(plan, all, 0.2, "");
  EXPECT_THAT(document.headline, HasSubstr("Measure " + std::string(spec_of(all.front().quantity).name) + " first"));
  EXPECT_EQ(table(document, "The largest first").rows.size(), all.size());
  for (const auto& row : table(document, "The largest first").rows) EXPECT_LE(row.cells.back().share, 1);
  // Each assumption and, at the end, the plan's own.
  EXPECT_EQ(table(document, "What each does to the plan").rows.size(), all.size() + 1);
  EXPECT_EQ(sensitivity_document(plan, {}, 0.2, "").headline, "No assumption moves it.");
}

TEST(VerificationDocument, PutsTheBrokenFirstAndSaysWhy) {
  const Plan plan = planned(small_sale());
  auto run = run_that_keeps(plan);
  EXPECT_EQ(verification_document(plan, verify_plan(plan, run), "run", "").tone, Document::Tone::kGood);
  run.users.confirmed = 101;
  const Document document = verification_document(plan, verify_plan(plan, run), "run", "");
  EXPECT_EQ(document.tone, Document::Tone::kBad);
  EXPECT_THAT(document.headline, HasSubstr("10 of 11 tested promises are kept, 1 broken"));
  EXPECT_THAT(document.reasons, testing::ElementsAre("seats: more were sold than there are"));
  EXPECT_EQ(table(document, "Promise by promise").rows.front().cells.front().text, "seats");
  run.verdict = "invalid";
  EXPECT_EQ(verification_document(plan, verify_plan(plan, run), "run", "").tone, Document::Tone::kCaution);
}

TEST(CalibrationDocument, SetsTheMeasuredBesideTheDefault) {
  Calibration measured;
  measured.values = {{Q::kConversion, 0.25, "measured: a run"}};
  measured.left = {"run: patience_sec: too few gave up to tell"};
  const std::string text = everything(calibration_document(measured, ""));
  EXPECT_THAT(text, HasSubstr("conversion"));
  EXPECT_THAT(text, HasSubstr("25 %"));
  EXPECT_THAT(text, HasSubstr("too few gave up"));
}

// Whatever is asked, every number that comes out is one.
TEST(ReportDocuments, NeverPrintWhatIsNoNumber) {
  core::Random random(20261121);
  const Catalogues catalogues = catalogues_of(PlanInputs());
  int plans = 0;
  for (int round = 0; round < 100; ++round) {
    PlanInputs inputs;
    for (const auto& spec : all_quantities()) {
      if (random.uniform() < 0.6) continue;
      const double ends[] = {spec.least, spec.most, spec.least + (spec.most - spec.least) * random.uniform()};
      double value = ends[random.below(3)];
      if (spec.unit == QuantityUnit::kCount) value = std::round(value);
      ASSERT_TRUE(inputs.set(spec.id, value, "random", "random").has_value());
    }
    const auto plan = make_plan(inputs, catalogues);
    if (!plan) continue;
    ++plans;
    const Document document = plan_document(*plan, "");
    EXPECT_EQ(no_number_in(everything(document)), "");
    EXPECT_EQ(no_number_in(document_markdown(document)), "");
    EXPECT_EQ(no_number_in(plan_json(*plan)), "");
    const auto verification = verify_plan(*plan, run_that_keeps(planned(small_sale())));
    EXPECT_EQ(no_number_in(everything(verification_document(*plan, verification, "run", ""))), "");
    if (round % 8 != 0) continue;
    const auto all = sensitivities(*plan, catalogues, 0.5);
    EXPECT_EQ(no_number_in(everything(sensitivity_document(*plan, all, 0.5, ""))), "");
    EXPECT_EQ(no_number_in(sensitivity_json(*plan, all, 0.5)), "");
  }
  EXPECT_GT(plans, 30);
}

}  // namespace
}  // namespace tacos::plan
