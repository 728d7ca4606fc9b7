#include "tacos-plan/report/sensitivity_document.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using Kind = Document::Column::Kind;

std::string change(double from, double to) {
  if (from == 0 || std::abs(to - from) <= 1e-9 * std::abs(from)) return "·";
  return fmt::format("{}{}", to > from ? "+" : "−", share_text(std::abs(to - from) / std::abs(from)));
}

Document::Table bars_of(const Plan& plan, const std::vector<Sensitivity>& all) {
  const double most = all.empty() ? 1 : all.front().effect;
  Document::Table table{{{"assumption"},
                         {"value", Kind::kNumber},
                         {"moved to", Kind::kNumber, 2},
                         {"largest effect", Kind::kNumber},
                         {"on", Kind::kText},
                         {"beside the largest", Kind::kBar, 1}},
                        {}};
  for (const auto& s : all) {
    const auto& spec = spec_of(s.quantity);
    const std::string unit(name_of(spec.unit));
    table.rows.push_back({{std::string(spec.name), shown(plan.inputs[s.quantity], unit),
                           fmt::format("{} … {}", shown(s.low, unit), shown(s.high, unit)), share_text(s.effect),
                           s.most_moved, Document::Cell::bar(s.effect / most)}});
  }
  return table;
}

Document::Table effects_of(const Plan& plan, const std::vector<Sensitivity>& all, bool up) {
  const PlanOutputs base = PlanOutputs::of(plan);
  Document::Table table{{{up ? "moved up" : "moved down"}}, {}};
  int spare = 0;
  for (const auto& output : all_outputs()) table.columns.push_back({output.name, Kind::kNumber, spare++ / 3});
  for (const auto& s : all) {
    Document::Row row{{std::string(spec_of(s.quantity).name)}};
    for (const auto& output : all_outputs()) {
      row.cells.emplace_back(change(base.*output.value, (up ? s.at_high : s.at_low).*output.value));
    }
    table.rows.push_back(std::move(row));
  }
  Document::Row own{{std::string("the plan's own")}, true};
  for (const auto& output : all_outputs()) own.cells.emplace_back(shown(base.*output.value, output.unit));
  table.rows.push_back(std::move(own));
  return table;
}

}  // namespace

Document sensitivity_document(const Plan& plan, const std::vector<Sensitivity>& all, double vary,
                              const std::string& command) {
  Document document;
  document.title = "What moves the plan: " + title_of(plan.inputs);
  if (all.empty()) {
    document.headline = "No assumption moves it.";
  } else {
    document.headline =
        fmt::format("Measure {} first: {} more or less of it moves {} by {}.", spec_of(all.front().quantity).name,
                    share_text(vary), all.front().most_moved, share_text(all.front().effect));
  }
  document.sections.push_back(Document::section("The largest first", bars_of(plan, all)));
  document.sections.push_back(
      Document::section("What each does to the plan", effects_of(plan, all, true), effects_of(plan, all, false)));
  document.sections.back().blocks.push_back(
      Document::Paragraph{"One at a time: what two assumptions do together is not seen here. Quantities of 0, and "
                          "those that change none of "
                          "these numbers, are left out.",
                          true});
  document.origin = fmt::format("tacos-plan {} · {} · prices {}", kVersion, command, plan.prices_as_of);
  return document;
}

std::string sensitivity_json(const Plan& plan, const std::vector<Sensitivity>& all, double vary) {
  using json = nlohmann::ordered_json;
  const auto outputs = [](const PlanOutputs& of) {
    json object = json::object();
    for (const auto& output : all_outputs()) object[output.name] = of.*output.value;
    return object;
  };
  json list = json::array();
  for (const auto& s : all) {
    list.push_back({{"name", spec_of(s.quantity).name},
                    {"value", plan.inputs[s.quantity]},
                    {"low", s.low},
                    {"high", s.high},
                    {"effect", s.effect},
                    {"most_moved", s.most_moved},
                    {"at_low", outputs(s.at_low)},
                    {"at_high", outputs(s.at_high)}});
  }
  const json document = {{"schema", "tacos.plan-sensitivity/1"},
                         {"tool_version", kVersion},
                         {"vary", vary},
                         {"plan", outputs(PlanOutputs::of(plan))},
                         {"sensitivities", list}};
  return document.dump(2) + "\n";
}

}  // namespace tacos::plan
