#include "tacos-load/observe/prometheus_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace tacos::load {
namespace {

using measure::Flow;
using measure::Level;

struct MetricLine {
  std::string_view name;
  double value = 0;
};

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text) {
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    if (!fine) return false;
  }
  return true;
}

// Where the labels that begin with text[at] == '{' end; a value in quotes may hold '}' and escaped quotes.
std::optional<std::size_t> end_of_labels(std::string_view text, std::size_t at) {
  bool quoted = false;
  for (++at; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == '}') {
      return at + 1;
    }
  }
  return std::nullopt;
}

// name [labels] value [time]
std::optional<MetricLine> metric_of(std::string_view line) {
  const std::size_t name_end = std::min(line.find_first_of("{ \t"), line.size());
  MetricLine metric{line.substr(0, name_end), 0};
  if (!is_name(metric.name)) return std::nullopt;
  std::size_t at = name_end;
  if (at < line.size() && line[at] == '{') {
    const auto end = end_of_labels(line, at);
    if (!end) return std::nullopt;
    at = *end;
  }
  at = line.find_first_not_of(" \t", at);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view value = line.substr(at, line.find_first_of(" \t", at) - at);
  if (value.starts_with('+')) value.remove_prefix(1);
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), metric.value);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return metric;
}

void add(std::optional<double>& sum, double value) {
  sum = sum.value_or(0) + value;
}

}  // namespace

core::Result<Figures> parse_prometheus(std::string_view text) {
  Figures figures;
  bool any = false;
  const auto count = [&](Flow flow, double value) { add(figures.counters[static_cast<std::size_t>(flow)], value); };
  const auto hold = [&](Level level, double value) { add(figures.levels[static_cast<std::size_t>(level)], value); };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto metric = metric_of(line);
    if (!metric) continue;
    any = true;
    const auto& [name, value] = *metric;
    if (!std::isfinite(value) || value < 0 || value > kLargestFigure) continue;
    if (name == "process_cpu_seconds_total") count(Flow::kCpu, value);
    if (name == "store_commands_total") count(Flow::kCommands, value);
    if (name == "http_server_requests_total") count(Flow::kRequests, value);
    if (name == "http_server_received_bytes_total") count(Flow::kReceivedBytes, value);
    if (name == "http_server_sent_bytes_total") count(Flow::kSentBytes, value);
    if (name == "process_resident_memory_bytes") hold(Level::kMemory, value);
    if (name == "http_server_connections") hold(Level::kConnections, value);
    if (name == "process_start_time_seconds") figures.life = std::to_string(value);
  }
  if (!any) return core::fail("what it answered has no line of Prometheus's text format");
  return figures;
}

}  // namespace tacos::load
