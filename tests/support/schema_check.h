#pragma once

#include <algorithm>
#include <cmath>
#include <regex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tacos::support {

// As much of JSON Schema (2020-12) as our schemas use, and one rule more: a key that the schema does not
// describe is a fault, so that the file can't fall behind the code.
class SchemaCheck {
 public:
  using json = nlohmann::json;

  explicit SchemaCheck(const json& schema) : root_(schema) {}

  std::vector<std::string> faults_of(const json& document) {
    check(document, root_, "");
    return faults_;
  }

 private:
  static bool is_of(const json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  void fault(const std::string& at, const std::string& what) { faults_.push_back(at + " " + what); }

  void check(const json& value, const json& rule, const std::string& at) {
    if (rule.contains("$ref"))
      check(value, root_.at(json::json_pointer(rule["$ref"].get<std::string>().substr(1))), at);
    if (rule.contains("const") && rule["const"] != value) fault(at, "is not the constant");
    if (rule.contains("enum") && std::count(rule["enum"].begin(), rule["enum"].end(), value) == 0) {
      fault(at, "is none of the words");
    }
    if (rule.contains("type")) {
      const json types = rule["type"].is_array() ? rule["type"] : json::array({rule["type"]});
      const auto fits = [&](const json& type) { return is_of(value, type.get<std::string>()); };
      if (std::none_of(types.begin(), types.end(), fits)) fault(at, std::string("is a ") + value.type_name());
    }
    if (rule.contains("oneOf")) check_one_of(value, rule["oneOf"], at);
    if (value.is_number()) check_number(value, rule, at);
    if (value.is_string()) check_text(value.get<std::string>(), rule, at);
    if (value.is_array()) check_items(value, rule, at);
    if (value.is_object() && !rule.contains("$ref")) check_members(value, rule, at);
  }

  void check_number(const json& value, const json& rule, const std::string& at) {
    if (rule.contains("minimum") && value < rule["minimum"]) fault(at, "is too small");
    if (rule.contains("maximum") && value > rule["maximum"]) fault(at, "is too large");
    if (rule.contains("multipleOf") && std::remainder(value.get<double>(), rule["multipleOf"].get<double>()) != 0) {
      fault(at, "is broken");
    }
  }

  void check_text(const std::string& value, const json& rule, const std::string& at) {
    if (rule.contains("minLength") && value.size() < rule["minLength"]) fault(at, "is too short");
    if (rule.contains("maxLength") && value.size() > rule["maxLength"]) fault(at, "is too long");
    if (rule.contains("pattern") && !std::regex_search(value, std::regex(rule["pattern"].get<std::string>()))) {
      fault(at, "is not of the pattern");
    }
  }

  void check_items(const json& value, const json& rule, const std::string& at) {
    if (rule.contains("minItems") && value.size() < rule["minItems"]) fault(at, "has too few");
    if (rule.contains("maxItems") && value.size() > rule["maxItems"]) fault(at, "has too many");
    if (!rule.contains("items")) return;
    for (std::size_t i = 0; i < value.size(); ++i) check(value[i], rule["items"], at + "/" + std::to_string(i));
  }

  void check_one_of(const json& value, const json& alternatives, const std::string& at) {
    const auto fits = std::count_if(alternatives.begin(), alternatives.end(), [&](const json& alternative) {
      SchemaCheck one(root_);
      // An alternative that only requires keys says nothing of the others.
      one.describes_all_ = alternative.contains("properties") || alternative.contains("$ref");
      one.check(value, alternative, at);
      return one.faults_.empty();
    });
    if (fits != 1) fault(at, "fits " + std::to_string(fits) + " of the alternatives");
  }

  void check_members(const json& value, const json& rule, const std::string& at) {
    const json required = rule.value("required", json::array());
    for (const auto& key : required) {
      if (!value.contains(key.get<std::string>())) fault(at + "/" + key.get<std::string>(), "is missing");
    }
    const json properties = rule.value("properties", json::object());
    const json others = rule.value("additionalProperties", json(false));
    for (const auto& [key, member] : value.items()) {
      if (properties.contains(key)) {
        check(member, properties[key], at + "/" + key);
      } else if (others.is_object()) {
        check(member, others, at + "/" + key);
      } else if (describes_all_ && !is_choice_of_objects(rule)) {
        fault(at + "/" + key, "is not described");
      }
    }
  }

  // {"oneOf": […]} alone: the alternatives have said what there may be.
  static bool is_choice_of_objects(const json& rule) { return rule.contains("oneOf") && !rule.contains("properties"); }

  const json& root_;
  bool describes_all_ = true;
  std::vector<std::string> faults_;
};

}  // namespace tacos::support
