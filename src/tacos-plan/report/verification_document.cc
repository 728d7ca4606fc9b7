#include "tacos-plan/report/verification_document.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using Tone = Document::Tone;
using Verdict = PromiseCheck::Verdict;

std::string_view verdict_of(const PlanVerification& v) {
  if (v.run_invalid) return "invalid";
  return v.broken() ? "broken" : "kept";
}

Tone tone_of(Verdict verdict) {
  return verdict == Verdict::kKept ? Tone::kGood : verdict == Verdict::kBroken ? Tone::kBad : Tone::kPlain;
}

std::string headline_of(const PlanVerification& v) {
  if (v.run_invalid) {
    return fmt::format("The run is {}: it proves nothing about the plan, whatever it measured.",
                       v.run_verdict == "invalid" ? "invalid" : "interrupted");
  }
  const std::size_t kept = v.count(Verdict::kKept), broken = v.count(Verdict::kBroken);
  const std::size_t untested = v.count(Verdict::kNotTested);
  return fmt::format("{} {} of {} tested promises are kept{}; {} could not be tested by this run.",
                     broken > 0 ? "The plan does not hold:" : "The plan holds as far as it was tested:", kept,
                     kept + broken, broken > 0 ? fmt::format(", {} broken", broken) : "", untested);
}

}  // namespace

Document verification_document(const Plan& plan, const PlanVerification& v, const std::string& run_name,
                               const std::string& command) {
  Document document;
  document.title = fmt::format("Plan against run: {}", title_of(plan.inputs));
  document.headline = headline_of(v);
  document.tone = v.run_invalid ? Tone::kCaution : v.broken() ? Tone::kBad : Tone::kGood;
  for (const auto& check : v.checks) {
    if (check.verdict == Verdict::kBroken)
      document.reasons.push_back(fmt::format("{}: {}", check.component, check.why));
  }
  Document::Table table{
      {{"component"}, {"verdict"}, {"promised"}, {"measured"}, {"why", Document::Column::Kind::kText, 1}}, {}};
  for (const auto verdict : {Verdict::kBroken, Verdict::kKept, Verdict::kNotTested}) {
    for (const auto& check : v.checks) {
      if (check.verdict != verdict) continue;
      table.rows.push_back({{check.component,
                             {std::string(name_of(verdict)), tone_of(verdict)},
                             check.promised,
                             check.measured,
                             check.why}});
    }
  }
  document.sections.push_back(Document::section("Promise by promise", table));
  document.origin = fmt::format("tacos-plan {} · {} · run {}, verdict {}", kVersion, command, run_name, v.run_verdict);
  return document;
}

std::string verification_json(const Plan& plan, const PlanVerification& v, const std::string& run_name) {
  using json = nlohmann::ordered_json;
  json checks = json::array();
  for (const auto& check : v.checks) {
    checks.push_back({{"component", check.component},
                      {"verdict", name_of(check.verdict)},
                      {"promised", check.promised},
                      {"measured", check.measured},
                      {"why", check.why}});
  }
  const json document = {{"schema", "tacos.plan-verification/1"},
                         {"tool_version", kVersion},
                         {"verdict", verdict_of(v)},
                         {"run", run_name},
                         {"run_verdict", v.run_verdict},
                         {"plan",
                          {{"users", plan.inputs[Quantity::kUsers]},
                           {"seats", plan.inputs[Quantity::kSeats]},
                           {"admission_rate_per_sec", plan.admission.rate},
                           {"status_rps", plan.polling.status_rps}}},
                         {"kept", v.count(Verdict::kKept)},
                         {"broken", v.count(Verdict::kBroken)},
                         {"not_tested", v.count(Verdict::kNotTested)},
                         {"checks", checks}};
  return document.dump(2) + "\n";
}

Document calibration_document(const Calibration& calibration, const std::string& command) {
  using Kind = Document::Column::Kind;
  Document document;
  document.title = "What the runs say of the assumptions";
  document.headline =
      fmt::format("{} measured. --format json --out FILE writes them for --inputs.", calibration.values.size());
  Document::Table table{{{"assumption"}, {"by default", Kind::kNumber}, {"measured", Kind::kNumber}, {"how"}}, {}};
  for (const auto& value : calibration.values) {
    const auto& spec = spec_of(value.quantity);
    const std::string unit(name_of(spec.unit));
    table.rows.push_back({{std::string(spec.name), shown(spec.value, unit), shown(value.value, unit), value.source}});
  }
  document.sections.push_back(Document::section("Measured", table));
  Document::Section left{"What they can't tell", {}};
  for (const auto& text : calibration.left) left.blocks.emplace_back(Document::Paragraph{text, true});
  document.sections.push_back(std::move(left));
  document.origin = fmt::format("tacos-plan {} · {}", kVersion, command);
  return document;
}

}  // namespace tacos::plan
