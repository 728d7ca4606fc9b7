#include "tacos-gateway/events_file.h"

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tacos-gateway/http/event_terms_reader.h"
#include "tacos-gateway/process/operator_file.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;
using Json = nlohmann::json;

constexpr const char* kSchema = "tacos.events/1";
constexpr std::size_t kLongestEvent = 4096;

// nlohmann's reader takes the last of two members of one name: an operator who wrote both meant one of them.
Result<Json> parse_once(std::string_view text) {
  std::vector<std::set<std::string>> open;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json json = Json::parse(text, watch);
    if (!twice.empty()) return fail(fmt::format("'{}' stands twice in one object", twice));
    return json;
  } catch (const Json::exception& error) {
    return fail(fmt::format("it is not JSON ({})", error.what()));
  }
}

}  // namespace

Result<std::vector<EventTerms>> parse_events(std::string_view text, std::string_view path, const EventTerms& defaults) {
  const auto wrong = [&](std::string_view what) { return fail(fmt::format("--events: '{}': {}", path, what)); };
  // The JSON reader takes one for the end, and what stands behind it for nothing.
  if (const std::size_t at = text.find('\0'); at != std::string_view::npos) {
    return wrong(fmt::format("byte {} is a NUL byte, which no JSON text has", at));
  }
  const auto json = parse_once(text);
  if (json.has_error()) return wrong(json.error().message);
  if (!json->is_object())
    return wrong(fmt::format(R"(it must be an object with "schema": "{}" and "events")", kSchema));
  for (const auto& [name, value] : json->items()) {
    // "$schema" is for editors.
    if (name != "schema" && name != "events" && name != "$schema")
      return wrong(fmt::format("/{}: there are only schema and events", name));
  }
  if (!json->contains("schema") || json->at("schema") != kSchema) {
    return wrong(fmt::format(R"(/schema: must be "{}")", kSchema));
  }
  if (!json->contains("events") || !json->at("events").is_array()) return wrong("/events: must be an array");
  std::vector<EventTerms> all;
  std::set<std::string> seen;
  JsonBody reader(kLongestEvent);
  for (const Json& event : json->at("events")) {
    const std::string at = fmt::format("/events/{}", all.size());
    if (!event.is_object() || !reader.read(event.dump()))
      return wrong(at + ": must be an object of 4096 bytes at most");
    auto terms = read_event_terms(reader, defaults, true);
    if (terms.has_error()) return wrong(fmt::format("{}/{}: {}", at, terms.error().field, terms.error().message));
    if (!seen.insert(terms->event_id).second) {
      return wrong(fmt::format("{}/event_id: '{}' is declared twice", at, terms->event_id));
    }
    all.push_back(std::move(*terms));
  }
  return all;
}

Result<std::vector<EventTerms>> read_events_file(const std::string& path, const EventTerms& defaults) {
  const auto text = read_trusted_file(path);
  if (text.has_error()) return fail("--events: " + text.error().message);
  return parse_events(text->text, path, defaults);
}

}  // namespace tacos::gateway
