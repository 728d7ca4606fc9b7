#include "tacos-plan/demand/inputs_reader.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tacos::plan {
namespace {

using core::fail;
using nlohmann::json;

constexpr std::size_t kMostText = 200;

std::string called(std::string_view file, std::string_view pointer) {
  return fmt::format("{}: {}", file, pointer);
}

bool is_choice(std::string_view name) {
  const auto choices = all_choices();
  return std::any_of(choices.begin(), choices.end(), [&](const auto& choice) { return choice.name == name; });
}

// Levenshtein, "Binary codes capable of correcting deletions, insertions and reversals", 1966.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

core::Result<json> parse(std::string_view text, std::string_view file) {
  try {
    json document = json::parse(text);
    if (!document.is_object()) return fail(fmt::format("{}: holds no JSON object", file));
    return document;
  } catch (const json::exception& error) {
    return fail(fmt::format("{}: is not JSON: {}", file, error.what()));
  }
}

class Reader {
 public:
  Reader(std::string_view file, PlanInputs& inputs) : file_(file), inputs_(inputs) {}

  // A member of the file's own: a number, a text with a unit, or {"value": …, "source": …}.
  core::Result<void> member(const std::string& name, const json& value, const std::string& pointer) {
    const std::string where = called(file_, pointer);
    if (is_choice(name)) {
      if (!value.is_string()) return fail(fmt::format("{}: must be a text", where));
      return inputs_.choose(name, value.get_ref<const std::string&>(), where);
    }
    const auto quantity = quantity_named(name);
    if (!quantity) {
      const std::string nearest = nearest_name(name);
      return fail(fmt::format("{}: there is no quantity called '{}'{}; tacos-plan assumptions lists them", where,
                              name.substr(0, kMostText),
                              nearest.empty() ? "" : fmt::format(" (is it '{}'?)", nearest)));
    }
    std::string source(file_);
    const json* plain = &value;
    if (value.is_object()) {
      for (const auto& [key, ignored] : value.items()) {
        if (key != "value" && key != "source" && key != "unit" && key != "name") {
          return fail(fmt::format("{}/{}: is not known here; it may be value, unit or source", where, key));
        }
      }
      if (!value.contains("value")) return fail(fmt::format("{}: needs a value", where));
      plain = &value["value"];
      if (value.contains("source") && value["source"].is_string()) source = value["source"].get<std::string>();
    }
    if (plain->is_number()) return inputs_.set(*quantity, plain->get<double>(), source, where);
    if (plain->is_string()) {
      return inputs_.set_text(*quantity, plain->get_ref<const std::string&>(), source, where);
    }
    return fail(fmt::format("{}: must be a number, or a text with a unit", where));
  }

  // As a plan writes them: [{"name", "value", "unit", "source"}].
  core::Result<void> list(const json& assumptions) {
    if (!assumptions.is_array()) return fail(called(file_, "/assumptions: must be a list"));
    for (std::size_t i = 0; i < assumptions.size(); ++i) {
      const auto& entry = assumptions[i];
      const std::string pointer = fmt::format("/assumptions/{}", i);
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) {
        return fail(called(file_, pointer + ": needs a name"));
      }
      if (auto read = member(entry["name"].get<std::string>(), entry, pointer); !read) return read;
    }
    return {};
  }

 private:
  std::string_view file_;
  PlanInputs& inputs_;
};

core::Result<void> read_members(const json& object, const std::string& base, Reader& reader) {
  for (const auto& [name, value] : object.items()) {
    if (name == "schema" || name == "$schema" || name == "description" || name == "assumptions") continue;
    if (auto read = reader.member(name, value, base + "/" + name); !read) return read;
  }
  return {};
}

}  // namespace

std::string nearest_name(std::string_view name) {
  if (name.size() > kMostText) return {};
  std::string nearest;
  std::size_t least = std::max<std::size_t>(name.size() / 3, 2) + 1;
  for (const auto& spec : all_quantities()) {
    const std::size_t distance = edit_distance(name, spec.name);
    const bool starts = name.size() >= 4 && spec.name.starts_with(name);
    if (distance < least || (starts && nearest.empty())) {
      least = std::min(least, distance);
      nearest = spec.name;
    }
  }
  return nearest;
}

core::Result<std::string> profile_in(std::string_view text, std::string_view file) {
  const auto document = parse(text, file);
  if (!document) return document.error();
  const json* inputs = &*document;
  if (document->contains("inputs") && (*document)["inputs"].is_object()) inputs = &(*document)["inputs"];
  if (!inputs->contains("profile") || !(*inputs)["profile"].is_string()) return std::string();
  return (*inputs)["profile"].get<std::string>();
}

core::Result<void> read_inputs(std::string_view text, std::string_view file, PlanInputs& inputs) {
  const auto document = parse(text, file);
  if (!document) return document.error();
  const auto schema = document->find("schema");
  const bool is_text = schema != document->end() && schema->is_string();
  const std::string name = is_text ? schema->get<std::string>() : std::string();
  if (name != "tacos.plan-inputs/1" && name != "tacos.plan/1") {
    return fail(fmt::format("{}: /schema: is '{}'; it must be tacos.plan-inputs/1, or tacos.plan/1 for a plan's output",
                            file, name.substr(0, kMostText)));
  }
  Reader reader(file, inputs);
  if (name == "tacos.plan-inputs/1") {
    if (auto read = read_members(*document, "", reader); !read) return read;
  } else {
    const auto members = document->find("inputs");
    if (members == document->end() || !members->is_object()) return fail(called(file, "/inputs: must be an object"));
    if (auto read = read_members(*members, "/inputs", reader); !read) return read;
  }
  // After the inputs, which they repeat: the list knows the sources.
  if (!document->contains("assumptions")) return {};
  return reader.list((*document)["assumptions"]);
}

}  // namespace tacos::plan
