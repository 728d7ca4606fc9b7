#include "report/comparison/comparison_json.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tacos::report {
namespace {

using json = nlohmann::ordered_json;

// Nine digits: more is noise of the arithmetic.
json number(double value) {
  return std::isfinite(value) ? json(std::stod(fmt::format("{:.9g}", value))) : json(nullptr);
}

json write(const SideValue& value) {
  if (!value.measured()) return nullptr;
  return {{"median", number(value.median)},
          {"least", number(value.least)},
          {"most", number(value.most)},
          {"runs", value.runs}};
}

json write(const ComparedValue& value) {
  return {{"baseline", write(value.baseline)}, {"candidate", write(value.candidate)}, {"ratio", number(value.ratio())}};
}

const char* unit_of(ValueUnit unit) {
  switch (unit) {
    case ValueUnit::kMillis:
      return "ms";
    case ValueUnit::kMicros:
      return "us";
    case ValueUnit::kShare:
      return "share";
    case ValueUnit::kPerSecond:
      return "per_second";
    case ValueUnit::kCount:
      break;
  }
  return "count";
}

json write(const ComparedSide& side) {
  json runs = json::array();
  for (const auto& run : side.runs()) {
    const auto& r = run.report;
    runs.push_back({{"name", run.name},
                    {"scenario", r.scenario},
                    {"target", r.target},
                    {"started_at", r.started_at},
                    {"verdict", r.verdict},
                    {"interrupted", r.interrupted}});
  }
  return {{"runs", runs}};
}

json write(const RegressionLimit::Result& limit) {
  json object = {{"expression", limit.expression}, {"verdict", name_of(limit.verdict)}, {"reason", limit.reason}};
  object["unit"] = unit_of(limit.value.unit);
  object.update(write(limit.value));
  object["allowed"] = number(limit.allowed);
  object["requests_short"] = limit.requests_short;
  return object;
}

json write(const std::vector<Comparison::Statistic>& statistics) {
  json list = json::array();
  for (const auto& statistic : statistics) {
    json object = {{"statistic", statistic.name}};
    object.update(write(statistic.value));
    object["enough_requests"] = statistic.enough;
    list.push_back(std::move(object));
  }
  return list;
}

json write(const Comparison::Step& step) {
  return {{"name", step.name},
          {"all_steps", step.filter.empty()},
          {"in_baseline", step.in_baseline},
          {"in_candidate", step.in_candidate},
          {"requests", write(step.requests)},
          {"error_share", write(step.errors)},
          {"response_time_ms", write(step.response)},
          {"service_time_ms", write(step.service)}};
}

}  // namespace

std::string comparison_json(const Comparison& c) {
  json differences = json::array();
  for (const auto& d : c.differences) {
    differences.push_back({{"what", d.what}, {"baseline", d.baseline}, {"candidate", d.candidate}});
  }
  json limits = json::array();
  for (const auto& limit : c.limits) limits.push_back(write(limit));
  json facts = json::array();
  for (const auto& fact : c.facts) {
    json object = {{"name", fact.name}, {"unit", unit_of(fact.value.unit)}};
    object.update(write(fact.value));
    facts.push_back(std::move(object));
  }
  json steps = json::array();
  for (const auto& step : c.steps) steps.push_back(write(step));
  const json document = {{"schema", Comparison::kSchema},
                         {"verdict", name_of(c.verdict())},
                         {"baseline", write(c.baseline)},
                         {"candidate", write(c.candidate)},
                         {"refusals", c.refusals},
                         {"warnings", c.warnings},
                         {"differences", differences},
                         {"limits", limits},
                         {"facts", facts},
                         {"steps", steps}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace tacos::report
