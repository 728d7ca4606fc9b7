#include "tacos-gateway/http/timestamp.h"

#include <chrono>
#include <ctime>

#include <fmt/format.h>

namespace tacos::gateway {

std::string format_timestamp(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, unix_ms % 1000);
}

namespace {

// Takes exactly `digits` digits from the front of text.
bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Behind a '.': a fraction of a second in milliseconds.
bool take_fraction(std::string_view& text, int& milliseconds) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits < 1 || digits > 3 || !take_number(text, digits, milliseconds)) return false;
  for (; digits < 3; ++digits) milliseconds *= 10;
  return true;
}

// 'Z', or the minutes by which the time is ahead of UTC.
bool take_offset(std::string_view& text, int& minutes) {
  minutes = 0;
  if (take_char(text, "Zz")) return true;
  if (text.empty()) return false;
  const int sign = text.front() == '-' ? -1 : 1;
  int hour = 0;
  int minute = 0;
  if (!take_char(text, "+-") || !take_number(text, 2, hour) || !take_char(text, ":") || !take_number(text, 2, minute)) {
    return false;
  }
  minutes = sign * (hour * 60 + minute);
  return hour <= 23 && minute <= 59;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0, ahead = 0;
  if (!take_number(text, 4, year) || !take_char(text, "-") || !take_number(text, 2, month) || !take_char(text, "-") ||
      !take_number(text, 2, day) || !take_char(text, "Tt") || !take_number(text, 2, hour) || !take_char(text, ":") ||
      !take_number(text, 2, minute) || !take_char(text, ":") || !take_number(text, 2, second)) {
    return std::nullopt;
  }
  if (take_char(text, ".") && !take_fraction(text, milliseconds)) return std::nullopt;
  if (!take_offset(text, ahead) || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || year < 1970 || year > 2099 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute - ahead) +
                  std::chrono::seconds(second) + std::chrono::milliseconds(milliseconds);
  const std::int64_t unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  return unix_ms < 0 ? std::nullopt : std::optional(unix_ms);
}

}  // namespace tacos::gateway
