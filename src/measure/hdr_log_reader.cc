#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "core/units.h"
#include "measure/hdr_codec.h"
#include "measure/hdr_log.h"

namespace tacos::measure {
namespace {

using core::Nanos;

constexpr std::string_view kExact = "#[Exact: ";

// Cuts the text up to `until` off the front; all of it when `until` is not there.
std::string_view cut(std::string_view& text, char until) {
  const std::size_t end = text.find(until);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

template <class Number>
bool read(std::string_view text, Number& into) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_sum(std::string_view text, Histogram::Sum& into) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.empty() || text.size() > 30) return false;
  into = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    into = into * 10 + static_cast<unsigned>(c - '0');
  }
  return true;
}

struct Exact {
  std::int64_t min_ns = 0, max_ns = 0;
  Histogram::Sum sum = 0;
  std::uint64_t saturated = 0;
};

std::optional<Exact> read_exact(std::string_view line) {
  if (!line.starts_with(kExact) || !line.ends_with(']')) return {};
  line.remove_prefix(kExact.size());
  line.remove_suffix(1);
  Exact exact;
  const bool fits = read(cut(line, ','), exact.min_ns) && read(cut(line, ','), exact.max_ns) &&
                    read_sum(cut(line, ','), exact.sum) && read(line, exact.saturated);
  return fits ? std::optional(exact) : std::nullopt;
}

// What is said to be exact must lie in the buckets that the counters name, or it is not believed.
bool agrees(const Exact& exact, const Histogram& histogram) {
  return exact.min_ns >= 0 && exact.max_ns <= Histogram::kHighest.count() && exact.min_ns <= exact.max_ns &&
         Histogram::index_of(exact.min_ns) == Histogram::index_of(histogram.min().count()) &&
         Histogram::index_of(exact.max_ns) == Histogram::index_of(histogram.max().count()) &&
         std::abs(static_cast<double>(exact.sum) - histogram.sum_ns()) <= histogram.sum_ns() / 512 + 1 &&
         exact.saturated <= histogram.count();
}

core::Result<HdrLogRow> read_row(std::string_view line) {
  HdrLogRow row;
  if (line.starts_with("Tag=")) {
    line.remove_prefix(4);
    row.tag = cut(line, ',');
  }
  double interval_max = 0;
  const bool numbers =
      read(cut(line, ','), row.start_sec) && read(cut(line, ','), row.length_sec) && read(cut(line, ','), interval_max);
  if (!numbers || !std::isfinite(row.start_sec) || !std::isfinite(row.length_sec)) {
    return core::fail("expected start, length, maximum and a compressed histogram, with commas between");
  }
  const auto bytes = from_base64(line);
  if (!bytes) return bytes.error();
  auto histogram = decode_hdr(*bytes);
  if (!histogram) return histogram.error();
  row.histogram = std::move(*histogram);
  return row;
}

// The place of a tag in an interval.
PackedHistogram* place_of(const std::string& tag, const std::vector<std::string>& steps, RunRecord::Interval& in) {
  static const std::map<std::string, PackedHistogram RunRecord::Interval::*, std::less<>> kWhole{
      {"send_lag", &RunRecord::Interval::send_lag},
      {"dispatch_lag", &RunRecord::Interval::dispatch_lag},
      {"connection_wait", &RunRecord::Interval::connection_wait},
      {"time_to_admission", &RunRecord::Interval::time_to_admission},
      {"time_to_sold_out", &RunRecord::Interval::time_to_sold_out},
      {"position", &RunRecord::Interval::position}};
  if (const auto whole = kWhole.find(tag); whole != kWhole.end()) return &(in.*whole->second);
  for (std::size_t s = 0; s < steps.size() && s < in.steps.size(); ++s) {
    if (tag == steps[s]) return &in.steps[s].response;
    if (tag == steps[s] + ".service") return &in.steps[s].service;
  }
  return nullptr;
}

}  // namespace

core::Result<std::vector<HdrLogRow>> read_hdr_log(std::string_view text) {
  std::vector<HdrLogRow> rows;
  std::optional<Exact> exact;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = cut(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('#')) {
      exact = read_exact(line);
      continue;
    }
    if (line.empty() || line.starts_with('"')) continue;  // the legend
    auto row = read_row(line);
    if (!row) return core::fail(fmt::format("line {}: {}", number, row.error().message));
    if (exact && agrees(*exact, row->histogram)) {
      row->histogram.set_exact(Nanos(exact->min_ns), Nanos(exact->max_ns), exact->sum, exact->saturated);
    }
    exact.reset();
    rows.push_back(std::move(*row));
  }
  return rows;
}

core::Result<void> add_hdr_log(std::string_view text, RunRecord& record) {
  const auto rows = read_hdr_log(text);
  if (!rows) return rows.error();
  const double length = core::to_seconds(record.interval());
  for (const auto& row : *rows) {
    const double at = row.start_sec / length;
    const bool inside = at > -0.5 && at + 0.5 < static_cast<double>(record.intervals().size());
    PackedHistogram* place = nullptr;
    if (inside) {
      place = place_of(row.tag, record.steps(), record.intervals()[static_cast<std::size_t>(std::lround(at))]);
    }
    if (place == nullptr) {
      return core::fail(
          fmt::format("the row '{}' at {} s belongs to no interval of the report", row.tag, row.start_sec));
    }
    *place = PackedHistogram(row.histogram);
  }
  return {};
}

}  // namespace tacos::measure
