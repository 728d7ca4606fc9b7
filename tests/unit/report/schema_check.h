#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tacos::report {

// As much of JSON Schema as our schemas use, and one rule more: a key that the schema does not
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

  void check(const json& value, const json& rule, const std::string& at) {
    if (rule.contains("$ref"))
      check(value, root_.at(json::json_pointer(rule["$ref"].get<std::string>().substr(1))), at);
    if (rule.contains("const") && rule["const"] != value) faults_.push_back(at + " is not the constant");
    if (rule.contains("enum") && std::count(rule["enum"].begin(), rule["enum"].end(), value) == 0) {
      faults_.push_back(at + " is none of the words");
    }
    if (rule.contains("minimum") && value.is_number() && value < rule["minimum"])
      faults_.push_back(at + " is too small");
    if (rule.contains("type")) {
      const json types = rule["type"].is_array() ? rule["type"] : json::array({rule["type"]});
      const auto fits = [&](const json& type) { return is_of(value, type.get<std::string>()); };
      if (std::none_of(types.begin(), types.end(), fits)) faults_.push_back(at + " is a " + value.type_name());
    }
    if (value.is_array() && rule.contains("items")) {
      for (std::size_t i = 0; i < value.size(); ++i) check(value[i], rule["items"], at + "/" + std::to_string(i));
    }
    if (value.is_object() && !rule.contains("$ref")) check_members(value, rule, at);
  }

  void check_members(const json& value, const json& rule, const std::string& at) {
    const json required = rule.value("required", json::array());
    for (const auto& key : required) {
      if (!value.contains(key.get<std::string>())) faults_.push_back(at + "/" + key.get<std::string>() + " is missing");
    }
    const json properties = rule.value("properties", json::object());
    for (const auto& [key, member] : value.items()) {
      if (properties.contains(key)) {
        check(member, properties[key], at + "/" + key);
      } else if (rule.contains("additionalProperties")) {
        check(member, rule["additionalProperties"], at + "/" + key);
      } else {
        faults_.push_back(at + "/" + key + " is not described");
      }
    }
  }

  const json& root_;
  std::vector<std::string> faults_;
};

}  // namespace tacos::report
