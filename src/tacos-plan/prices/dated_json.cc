#include "tacos-plan/prices/dated_json.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tacos::plan {
namespace {

constexpr int kDeepest = 16;               // three times what any catalogue needs
constexpr std::size_t kLongestQuote = 60;  // of a value found, in a message

// Only what is flat is written out: writing recurses, and what a stranger nests could be deep.
std::string quoted(const nlohmann::json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote) + "...";
  return text;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

int days_of(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool is_date(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  if (!all_digits(text.substr(0, 4))) return false;
  const int year = two_digits(text, 0) * 100 + two_digits(text, 2);
  if (year < 2006 || year > 2100) return false;  // no provider had a price list before
  if (text.size() == 4) return true;
  if (text[4] != '-' || !all_digits(text.substr(5, 2))) return false;
  const int month = two_digits(text, 5);
  if (month < 1 || month > 12) return false;
  if (text.size() == 7) return true;
  if (text[7] != '-' || !all_digits(text.substr(8, 2))) return false;
  const int day = two_digits(text, 8);
  return day >= 1 && day <= days_of(year, month);
}

}  // namespace

JsonEntry::JsonEntry(const nlohmann::json& value, std::string pointer) : value_(value), pointer_(std::move(pointer)) {
  if (!value_.is_object()) {
    throw JsonFault{
        fmt::format("{}: {} is not an object", pointer_.empty() ? "the document" : pointer_, quoted(value_))};
  }
}

std::string JsonEntry::below(std::string_view key) const {
  std::string part = pointer_ + "/";
  for (const char c : key) part += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return part;
}

void JsonEntry::fault(std::string_view key, std::string_view found_and_allowed) const {
  throw JsonFault{fmt::format("{}: {}", below(key), found_and_allowed)};
}

const nlohmann::json& JsonEntry::member(const char* key) const {
  const auto found = value_.find(key);
  if (found == value_.end()) fault(key, "is missing");
  return *found;
}

JsonEntry JsonEntry::object(const char* key) const {
  return {member(key), below(key)};
}

std::size_t JsonEntry::list_size(const char* key) const {
  const auto& list = member(key);
  if (!list.is_array()) fault(key, quoted(list) + " is not a list");
  return list.size();
}

JsonEntry JsonEntry::element(const char* key, std::size_t index) const {
  return {member(key).at(index), fmt::format("{}/{}", below(key), index)};
}

void JsonEntry::allow(std::initializer_list<std::string_view> keys) const {
  for (const auto& [name, member] : value_.items()) {
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      fault(name, fmt::format("is not a key of this object; there are {}", fmt::join(keys, ", ")));
    }
  }
}

std::string JsonEntry::text(const char* key) const {
  const auto& value = member(key);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    fault(key, quoted(value) + " is not a text with something in it");
  }
  return value.get<std::string>();
}

std::string JsonEntry::text_or_empty(const char* key) const {
  return has(key) ? text(key) : std::string();
}

std::string JsonEntry::date(const char* key) const {
  std::string found = text(key);
  if (!is_date(found)) {
    fault(key, fmt::format("{} is not a date such as 2026-08-21, 2026-08 or 2026", quoted(member(key))));
  }
  return found;
}

double JsonEntry::number(const char* key, double least, double most) const {
  const auto& value = member(key);
  const double found = value.is_number() ? value.get<double>() : std::nan("");
  if (!(found >= least && found <= most)) {
    fault(key, fmt::format("{} is not a number from {} to {}", quoted(value), least, most));
  }
  return found;
}

bool JsonEntry::truth(const char* key) const {
  const auto& value = member(key);
  if (!value.is_boolean()) fault(key, quoted(value) + " is not true or false");
  return value.get<bool>();
}

nlohmann::json parse_dated_json(std::string_view text, std::string_view schema) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&keys](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (depth > kDeepest) throw JsonFault{fmt::format("is nested deeper than {} levels", kDeepest)};
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second) {
      throw JsonFault{fmt::format("the key {} stands twice in one object; keep one", quoted(parsed))};
    }
    return true;
  };
  nlohmann::json document;
  try {
    document = nlohmann::json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::parse_error& error) {
    throw JsonFault{fmt::format("is not JSON: stops making sense at byte {} of {}", error.byte, text.size())};
  } catch (const nlohmann::json::exception&) {
    throw JsonFault{"is not JSON that can be used: a number in it is beyond what a double holds"};
  }
  const JsonEntry root(document, "");
  const std::string found = root.text("schema");
  if (found != schema) root.fault("schema", fmt::format("{} is not {}", quoted(document["schema"]), schema));
  return document;
}

}  // namespace tacos::plan
