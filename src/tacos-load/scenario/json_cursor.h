#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/units.h"

namespace tacos::load {

// Walks a JSON object, member by member, collecting what is wrong: each message names the JSON pointer, what was found
// and what is allowed. Asking for a member marks it as known; finish() reports the rest as unknown.
//
// The errors go to a list shared by all cursors of a document, so that one run of the reader reports every fault.
class JsonCursor {
 public:
  JsonCursor(const nlohmann::json& object, std::string pointer, std::vector<std::string>& errors);

  bool has(const std::string& key);
  // Each reads into `into` when the member is present and right, and leaves it alone otherwise.
  void text(const std::string& key, std::string& into);
  void flag(const std::string& key, bool& into);
  void count(const std::string& key, std::uint64_t least, std::uint64_t most, std::uint32_t& into);
  void count(const std::string& key, std::uint64_t least, std::uint64_t most, std::uint64_t& into);
  void rate(const std::string& key, core::Rate& into);                                            // 1000 or "1k"
  void share(const std::string& key, double most, double& into);                                  // 0.1 or "10%"
  void duration(const std::string& key, core::Nanos least, core::Nanos most, core::Nanos& into);  // "10s"
  void texts(const std::string& key, std::vector<std::string>& into);
  // The index of the member's text in names; nothing when absent or wrong.
  std::optional<std::size_t> choice(const std::string& key, const std::vector<std::string>& names);

  std::optional<JsonCursor> object(const std::string& key);
  std::vector<JsonCursor> objects(const std::string& key);

  // Adds an error about a member, or about the object itself when key is empty.
  void fault(const std::string& key, const std::string& message);
  void finish();

 private:
  const nlohmann::json* member(const std::string& key);

  const nlohmann::json* object_;
  std::string pointer_;
  std::vector<std::string>* errors_;
  std::set<std::string> known_;
};

}  // namespace tacos::load
