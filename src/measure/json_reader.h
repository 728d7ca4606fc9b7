#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tacos::measure {

// Each reader asks for a member by its key; what is wrong throws a fault with its pointer, caught at the edge.
struct JsonFault {
  std::string message;
};

// RFC 6901: a key that holds '/' or '~' is written with ~1 and ~0.
inline std::string pointer_part(std::string_view key) {
  std::string part;
  for (const char c : key) part += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return part;
}

struct JsonReader {
  using json = nlohmann::ordered_json;

  const json& object;
  std::string pointer;

  const json& member(const char* key) const {
    if (!object.is_object())
      throw JsonFault{fmt::format("{} is not an object", pointer.empty() ? "the document" : pointer)};
    const auto found = object.find(key);
    if (found == object.end()) throw JsonFault{fmt::format("{}/{} is missing", pointer, key)};
    return *found;
  }
  JsonReader at(const char* key) const { return {member(key), fmt::format("{}/{}", pointer, key)}; }
  // The members of an object whose keys are data, such as steps.
  template <class Visit>
  void each_member(const char* key, Visit visit) const {
    const json& object_of = member(key);
    if (!object_of.is_object()) throw JsonFault{fmt::format("{}/{} is not an object", pointer, key)};
    for (const auto& [name, value] : object_of.items()) {
      visit(name, JsonReader{value, fmt::format("{}/{}/{}", pointer, key, pointer_part(name))});
    }
  }
  // The elements of a list.
  template <class Visit>
  void each(const char* key, Visit visit) const {
    const json& list = member(key);
    if (!list.is_array()) throw JsonFault{fmt::format("{}/{} is not a list", pointer, key)};
    for (std::size_t i = 0; i < list.size(); ++i) visit(JsonReader{list[i], fmt::format("{}/{}/{}", pointer, key, i)});
  }
  void texts(const char* key, std::vector<std::string>& into) const {
    const json& list = member(key);
    if (!list.is_array()) throw JsonFault{fmt::format("{}/{} is not a list", pointer, key)};
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_string()) throw JsonFault{fmt::format("{}/{}/{} is not a text", pointer, key, i)};
      into.push_back(list[i].get<std::string>());
    }
  }
  bool has(const char* key) const { return object.is_object() && object.contains(key); }

  void read(const char* key, double& into) const {
    const json& value = member(key);
    if (value.is_null()) return;
    if (!value.is_number()) throw JsonFault{fmt::format("{}/{} is not a number", pointer, key)};
    into = value.get<double>();
  }
  template <class Count>
  void count(const char* key, Count& into) const {
    const json& value = member(key);
    const auto most = std::numeric_limits<Count>::max();
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
      throw JsonFault{fmt::format("{}/{} is not a whole number from 0 to {}", pointer, key, most)};
    }
    into = static_cast<Count>(value.get<std::uint64_t>());
  }
  void read(const char* key, std::string& into) const {
    const json& value = member(key);
    if (!value.is_string()) throw JsonFault{fmt::format("{}/{} is not a text", pointer, key)};
    into = value.get<std::string>();
  }
  void read(const char* key, bool& into) const {
    const json& value = member(key);
    if (!value.is_boolean()) throw JsonFault{fmt::format("{}/{} is not true or false", pointer, key)};
    into = value.get<bool>();
  }
  // For keys that were added after the schema's first form: absent is fine.
  template <class T>
  void maybe(const char* key, T& into) const {
    if (has(key)) read(key, into);
  }
  template <class T>
  void maybe_count(const char* key, T& into) const {
    if (has(key)) count(key, into);
  }
};

}  // namespace tacos::measure
