#include "tacos-plan/report/assumptions_document.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/version.h"

namespace tacos::plan {

Document assumptions_document(const PlanInputs& inputs, const std::string& command) {
  using Kind = Document::Column::Kind;
  Document document;
  document.title = "Every number that goes into a plan";
  document.headline =
      "Give any of them by the flag of its name (users: --users, poll_interval_sec: --poll-interval), or in a file "
      "with "
      "--inputs. --format json writes such a file.";
  std::string group;
  for (const auto& spec : all_quantities()) {
    if (spec.group != group) {
      group = spec.group;
      document.sections.push_back({group,
                                   {Document::Table{{{"name"},
                                                     {"value", Kind::kNumber},
                                                     {"from", Kind::kNumber, 3},
                                                     {"to", Kind::kNumber, 3},
                                                     {"meaning"},
                                                     {"source", Kind::kText, 1}},
                                                    {}}}});
    }
    const std::string unit(name_of(spec.unit));
    std::get<Document::Table>(document.sections.back().blocks.front())
        .rows.push_back({{std::string(spec.name), shown(inputs[spec.id], unit), shown(spec.least, unit),
                          shown(spec.most, unit), std::string(spec.meaning), inputs.source(spec.id)}});
  }
  Document::Table choices{{{"name"}, {"value"}, {"may be"}, {"meaning"}}, {}};
  for (const auto& choice : all_choices()) {
    choices.rows.push_back({{std::string(choice.name), choice_value(inputs, choice.name),
                             choice.values.empty() ? "what the price list has" : std::string(choice.values),
                             std::string(choice.meaning)}});
  }
  document.sections.push_back(Document::section("choices", choices));
  document.origin = fmt::format("tacos-plan {} · {}", kVersion, command);
  return document;
}

std::string assumptions_json(const PlanInputs& inputs) {
  nlohmann::ordered_json file = {{"schema", "tacos.plan-inputs/1"}};
  for (const auto& choice : all_choices()) file[std::string(choice.name)] = choice_value(inputs, choice.name);
  for (const auto& spec : all_quantities()) {
    file[std::string(spec.name)] = {
        {"value", inputs[spec.id]}, {"unit", name_of(spec.unit)}, {"source", inputs.source(spec.id)}};
  }
  return file.dump(2) + "\n";
}

}  // namespace tacos::plan
