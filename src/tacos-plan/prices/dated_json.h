#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/result.h"

namespace tacos::plan {

// What the catalogues of prices, node types and quotas share: a strict reading of JSON, where every fault is named by
// its pointer, the value found and what may stand there. Faults travel as exceptions inside a reading and become an
// Error in read_dated_json.
struct JsonFault {
  std::string message;
};

// One object of the document. Lives only as long as the document does.
class JsonEntry {
 public:
  JsonEntry(const nlohmann::json& value, std::string pointer);

  const std::string& pointer() const { return pointer_; }
  const nlohmann::json& value() const { return value_; }
  bool has(const char* key) const { return value_.contains(key); }
  JsonEntry object(const char* key) const;
  JsonEntry element(const char* key, std::size_t index) const;
  std::size_t list_size(const char* key) const;

  // Throws when the object has a key that is not one of these: a misspelt key must not be skipped in silence.
  void allow(std::initializer_list<std::string_view> keys) const;

  std::string text(const char* key) const;  // not empty
  std::string text_or_empty(const char* key) const;
  std::string date(const char* key) const;  // "2026", "2026-08" or "2026-08-21"
  double number(const char* key, double least, double most) const;
  bool truth(const char* key) const;

  // Visits each member of the object at `key` with its name and its own entry.
  template <class Visit>
  void each_member(const char* key, Visit visit) const {
    const JsonEntry inner = object(key);
    for (const auto& [name, member] : inner.value().items()) visit(name, JsonEntry(member, inner.below(name)));
  }
  [[noreturn]] void fault(std::string_view key, std::string_view found_and_allowed) const;
  std::string below(std::string_view key) const;  // this entry's pointer with the key added, as RFC 6901 writes it

 private:
  const nlohmann::json& member(const char* key) const;

  const nlohmann::json& value_;
  std::string pointer_;
};

// Parses a whole document and checks its schema. Keys that stand twice in one object are a fault, since the later would
// silently win. Throws JsonFault.
nlohmann::json parse_dated_json(std::string_view text, std::string_view schema);

// Runs a reading of a document of that schema. `read` gets the root and returns the result.
template <class T, class Read>
core::Result<T> read_dated_json(std::string_view text, std::string_view schema, std::string_view name_of_file,
                                Read read) {
  try {
    const nlohmann::json document = parse_dated_json(text, schema);
    return read(JsonEntry(document, ""));
  } catch (const JsonFault& fault) {
    return core::fail(std::string(name_of_file) + ": " + fault.message);
  }
}

}  // namespace tacos::plan
