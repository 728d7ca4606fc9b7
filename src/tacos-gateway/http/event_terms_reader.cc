#include "tacos-gateway/http/event_terms_reader.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

constexpr std::array<std::string_view, 7> kMembers{"event_id", "seats", "admission_rate", "admission_burst",
                                                   "opens_at", "price", "currency"};
constexpr std::int64_t kMostSeats = 10'000'000;
constexpr std::int64_t kMostPrice = 100'000'000'000;
constexpr std::int64_t kMostUnixMs = 4'102'444'800'000;  // the year 2100
constexpr double kMostRate = 1e9;

// A smaller number is no time of a sale but one in seconds: as milliseconds it lies before March 1973.
constexpr std::int64_t kLeastUnixMs = 100'000'000'000;

using Found = JsonBody::Found;

// A whole number within a range; what is absent stays as it is.
template <class Number>
bool take_whole(const JsonBody& json, const char* name, std::int64_t least, std::int64_t most, Number& into,
                TermsError& error) {
  std::int64_t value = 0;
  const Found found = json.get_integer(name, value);
  if (found == Found::kAbsent) return true;
  if (found == Found::kWrongType || value < least || value > most) {
    error = {name, fmt::format("{} must be a whole number from {} to {}", name, least, most)};
    return false;
  }
  into = static_cast<Number>(value);
  return true;
}

bool take_rate(const JsonBody& json, EventTerms& terms, TermsError& error) {
  double value = 0;
  const Found found = json.get_number("admission_rate", value);
  if (found == Found::kAbsent) return true;
  if (found == Found::kWrongType || !(value >= 0) || value > kMostRate) {
    error = {"admission_rate", "admission_rate must be users per second, 0 to 1e9"};
    return false;
  }
  terms.admission_rate = core::Rate::per_second(value);
  return true;
}

// A time as text, or milliseconds since 1970; 0 is at once.
bool take_opening(const JsonBody& json, EventTerms& terms, TermsError& error) {
  std::string_view text;
  switch (json.get_text("opens_at", text)) {
    case Found::kAbsent:
      return true;
    case Found::kYes:
      if (const auto parsed = parse_timestamp(text)) {
        terms.opens_unix_ms = *parsed;
        return true;
      }
      break;
    case Found::kWrongType:
      std::int64_t unix_ms = 0;
      if (json.get_integer("opens_at", unix_ms) != Found::kYes) break;
      if (unix_ms > 0 && unix_ms < kLeastUnixMs) {
        error = {"opens_at",
                 fmt::format("opens_at is in milliseconds, and {} looks like seconds; write {}000, or a time "
                             "such as \"2026-12-24T19:00:00+09:00\"",
                             unix_ms, unix_ms)};
        return false;
      }
      if (unix_ms == 0 || (unix_ms >= kLeastUnixMs && unix_ms < kMostUnixMs)) {
        terms.opens_unix_ms = unix_ms;
        return true;
      }
      break;
  }
  error = {"opens_at",
           "opens_at must be a time such as \"2026-12-24T19:00:00+09:00\", or milliseconds since 1970 (1973 to 2099)"};
  return false;
}

bool take_currency(const JsonBody& json, EventTerms& terms, TermsError& error) {
  std::string_view text;
  const Found found = json.get_text("currency", text);
  if (found == Found::kAbsent) return true;
  const bool capitals = std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (found == Found::kWrongType || text.size() != 3 || !capitals) {
    error = {"currency", "currency must be three capitals such as \"USD\""};
    return false;
  }
  terms.currency = text;
  return true;
}

bool take_event_id(const JsonBody& json, EventTerms& terms, TermsError& error) {
  std::string_view text;
  if (json.get_text("event_id", text) != Found::kYes || !is_event_id(text)) {
    error = {"event_id", "event_id must be a string of 1 to 64 letters, digits, '.', '_', ':' or '-'"};
    return false;
  }
  terms.event_id = text;
  return true;
}

}  // namespace

void throw_exception_from_error(const TermsError& error, const boost::source_location&) {
  throw std::logic_error("no terms: " + error.message);
}

boost::system::result<EventTerms, TermsError> read_event_terms(const JsonBody& json, const EventTerms& defaults,
                                                               bool with_event_id) {
  EventTerms terms = defaults;
  TermsError error;
  const std::span<const std::string_view> known(kMembers.begin() + (with_event_id ? 0 : 1), kMembers.end());
  if (const auto unknown = json.unknown_member(known)) {
    return TermsError{std::string(*unknown),
                      fmt::format("'{}' is no member; there are {}", *unknown, fmt::join(known, ", "))};
  }
  const bool taken = (!with_event_id || take_event_id(json, terms, error)) &&
                     take_whole(json, "seats", 1, kMostSeats, terms.seats, error) && take_rate(json, terms, error) &&
                     take_whole(json, "admission_burst", 1, 1'000'000'000, terms.admission_burst, error) &&
                     take_opening(json, terms, error) && take_whole(json, "price", 0, kMostPrice, terms.price, error) &&
                     take_currency(json, terms, error);
  if (!taken) return error;
  return terms;
}

}  // namespace tacos::gateway
