#include "measure/component_json.h"

#include <cmath>

#include <fmt/format.h>

namespace tacos::measure {

using json = nlohmann::ordered_json;

namespace {

json number(double value) {
  return std::isfinite(value) ? json(std::stod(fmt::format("{:.6g}", value))) : json(nullptr);
}

void write_use(const ComponentUse& use, json& to) {
  to["observed_sec"] = number(use.observed_sec);
  for (std::size_t f = 0; f < kFlowNames.size(); ++f) {
    if (use.flows[f]) to[std::string(kFlowNames[f])] = number(*use.flows[f]);
  }
  for (std::size_t l = 0; l < kLevelNames.size(); ++l) {
    if (use.levels[l]) to[std::string(kLevelNames[l])] = number(*use.levels[l]);
  }
  if (use.utilisation) to["utilisation"] = number(*use.utilisation);
  if (use.calls.empty()) return;
  json calls = json::object();
  for (const auto& [command, rate] : use.calls) calls[command] = number(rate);
  to["calls_per_sec"] = std::move(calls);
}

std::optional<double> maybe_number(const JsonReader& at, const char* key) {
  if (!at.has(key) || at.member(key).is_null()) return std::nullopt;
  double value = 0;
  at.read(key, value);
  return value;
}

ComponentUse read_use(const JsonReader& at) {
  ComponentUse use;
  at.maybe("observed_sec", use.observed_sec);
  for (std::size_t f = 0; f < kFlowNames.size(); ++f)
    use.flows[f] = maybe_number(at, std::string(kFlowNames[f]).c_str());
  for (std::size_t l = 0; l < kLevelNames.size(); ++l)
    use.levels[l] = maybe_number(at, std::string(kLevelNames[l]).c_str());
  use.utilisation = maybe_number(at, "utilisation");
  if (at.has("calls_per_sec")) {
    const JsonReader calls = at.at("calls_per_sec");
    at.each_member("calls_per_sec", [&](const std::string& command, const JsonReader&) {
      double rate = 0;
      calls.read(command.c_str(), rate);
      use.calls.emplace_back(command, rate);
    });
  }
  return use;
}

}  // namespace

json component_uses_json(const std::vector<std::pair<std::string, ComponentUse>>& uses) {
  json list = json::array();
  for (const auto& [name, use] : uses) {
    json one = {{"name", name}};
    write_use(use, one);
    list.push_back(std::move(one));
  }
  return list;
}

json components_json(const std::vector<Component>& components) {
  json list = json::array();
  for (const auto& c : components) {
    json one = {{"name", c.name},         {"source", c.source},
                {"kind", c.kind},         {"limit_cores", c.limit_cores > 0 ? number(c.limit_cores) : json(nullptr)},
                {"samples", c.samples},   {"missed_samples", c.missed_samples},
                {"restarts", c.restarts}, {"note", c.note}};
    write_use(c.mean, one);
    if (c.peak_utilisation) {
      one["peak_utilisation"] = number(*c.peak_utilisation);
      one["peak_at_sec"] = number(c.peak_at_sec);
    }
    list.push_back(std::move(one));
  }
  return list;
}

json component_intervals_json(const std::vector<ComponentInterval>& intervals) {
  json list = json::array();
  for (const auto& i : intervals) {
    list.push_back({{"t_sec", number(i.t_sec)}, {"components", component_uses_json(i.components)}});
  }
  return list;
}

json bottleneck_json(const Bottleneck& b) {
  if (b.text.empty()) return nullptr;
  json object = {{"component", b.component.empty() ? json(nullptr) : json(b.component)}};
  if (!b.component.empty()) {
    object["utilisation"] = number(b.utilisation);
    object["from_rps"] = number(b.from_rps);
  }
  object["text"] = b.text;
  return object;
}

std::vector<std::pair<std::string, ComponentUse>> read_component_uses(const JsonReader& at, const char* key) {
  std::vector<std::pair<std::string, ComponentUse>> uses;
  if (!at.has(key)) return uses;
  at.each(key, [&](const JsonReader& one) {
    std::string name;
    one.read("name", name);
    uses.emplace_back(std::move(name), read_use(one));
  });
  return uses;
}

void read_components(const JsonReader& at, RunReport& r) {
  if (at.has("components")) {
    at.each("components", [&](const JsonReader& one) {
      Component c;
      one.read("name", c.name);
      one.read("source", c.source);
      one.read("kind", c.kind);
      c.limit_cores = maybe_number(one, "limit_cores").value_or(0);
      one.maybe_count("samples", c.samples);
      one.maybe_count("missed_samples", c.missed_samples);
      one.maybe_count("restarts", c.restarts);
      one.maybe("note", c.note);
      c.mean = read_use(one);
      c.peak_utilisation = maybe_number(one, "peak_utilisation");
      one.maybe("peak_at_sec", c.peak_at_sec);
      r.components.push_back(std::move(c));
    });
  }
  if (at.has("component_intervals")) {
    at.each("component_intervals", [&](const JsonReader& one) {
      ComponentInterval interval;
      one.read("t_sec", interval.t_sec);
      interval.components = read_component_uses(one, "components");
      r.component_intervals.push_back(std::move(interval));
    });
  }
  if (!at.has("bottleneck") || at.member("bottleneck").is_null()) return;
  const JsonReader b = at.at("bottleneck");
  if (b.has("component") && !b.member("component").is_null()) b.read("component", r.bottleneck.component);
  b.maybe("utilisation", r.bottleneck.utilisation);
  b.maybe("from_rps", r.bottleneck.from_rps);
  b.read("text", r.bottleneck.text);
}

}  // namespace tacos::measure
