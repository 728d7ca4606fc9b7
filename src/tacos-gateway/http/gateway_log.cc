#include "tacos-gateway/http/gateway_log.h"

#include <chrono>

#include <fmt/format.h>

#include "tacos-gateway/http/json_text.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

std::string_view name_of(GatewayLog::Level level) {
  switch (level) {
    case GatewayLog::Level::kDebug:
      return "debug";
    case GatewayLog::Level::kInfo:
      return "info";
    case GatewayLog::Level::kWarn:
      return "warn";
    default:
      return "error";
  }
}

spdlog::level::level_enum to_spdlog(GatewayLog::Level level) {
  switch (level) {
    case GatewayLog::Level::kDebug:
      return spdlog::level::debug;
    case GatewayLog::Level::kInfo:
      return spdlog::level::info;
    case GatewayLog::Level::kWarn:
      return spdlog::level::warn;
    case GatewayLog::Level::kError:
      return spdlog::level::err;
    case GatewayLog::Level::kOff:
      break;
  }
  return spdlog::level::off;
}

// Log lines carry calendar time, which no clock of the line's may stand in for.
std::string timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return format_timestamp(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// A message of another program, such as a Redis, may be of any length.
std::string_view cut(std::string_view text) {
  if (text.size() <= GatewayLog::kLongestText) return text;
  std::size_t end = GatewayLog::kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character (UTF-8)
  return text.substr(0, end);
}

void append_json_text(fmt::memory_buffer& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
  append_json_escaped(out, text);
  out.push_back('"');
}

std::shared_ptr<spdlog::logger> logger_to(std::shared_ptr<LogWriter> writer, GatewayLog::Level level) {
  auto logger = std::make_shared<spdlog::logger>("tacos-gateway", std::move(writer));
  logger->set_level(to_spdlog(level));
  return logger;
}

// The start of a line; what begin_line() opens, end_line() closes.
void begin_line(fmt::memory_buffer& line, GatewayLog::Format format, GatewayLog::Level level, std::string_view message,
                std::string_view trace_id) {
  const auto out = std::back_inserter(line);
  if (format == GatewayLog::Format::kJson) {
    fmt::format_to(out, R"({{"ts":"{}","level":"{}")", timestamp(), name_of(level));
    append_json_text(line, "msg", message);
    if (!trace_id.empty()) append_json_text(line, "trace_id", trace_id);
  } else {
    fmt::format_to(out, "{} {:5} {}", timestamp(), name_of(level), message);
    if (!trace_id.empty()) fmt::format_to(out, " trace_id={}", trace_id);
  }
}

void append_field(fmt::memory_buffer& line, GatewayLog::Format format, const LogField& field) {
  const auto out = std::back_inserter(line);
  if (const auto* text = std::get_if<std::string_view>(&field.value); text != nullptr) {
    const std::string_view shown = cut(*text);
    if (format == GatewayLog::Format::kJson) return append_json_text(line, field.name, shown);
    fmt::format_to(out, " {}=\"", field.name);
    append_json_escaped(line, shown);
    line.push_back('"');
    return;
  }
  std::visit(
      [&](const auto& number) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(number)>, std::string_view>) {
          fmt::format_to(out, fmt::runtime(format == GatewayLog::Format::kJson ? R"(,"{}":{})" : " {}={}"), field.name,
                         number);
        }
      },
      field.value);
}

template <GatewayLog::Format kFormat>
std::string drop_line(std::uint64_t dropped) {
  fmt::memory_buffer line;
  begin_line(line, kFormat, GatewayLog::Level::kWarn, "log lines were dropped: they could not be written in time", {});
  append_field(line, kFormat, {"count", dropped});
  if (kFormat == GatewayLog::Format::kJson) line.push_back('}');
  return fmt::to_string(line);
}

}  // namespace

GatewayLog::GatewayLog(Level level, Format format, const core::Clock& clock)
    : writer_(
          std::make_shared<LogWriter>(format == Format::kJson ? &drop_line<Format::kJson> : &drop_line<Format::kText>)),
      logger_(logger_to(writer_, level)),
      format_(format),
      clock_(clock) {}

GatewayLog::GatewayLog(std::shared_ptr<spdlog::logger> logger, Format format, const core::Clock& clock)
    : logger_(std::move(logger)), format_(format), clock_(clock) {}

core::Result<void> GatewayLog::open(const std::string& path) {
  if (writer_ == nullptr) return {};
  return writer_->open(path);
}

bool GatewayLog::flush_within(core::Nanos patience) {
  return writer_ == nullptr || writer_->flush_within(patience);
}

GatewayLog::Level GatewayLog::level_named(std::string_view name) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (name == name_of(level)) return level;
  }
  return Level::kOff;
}

void GatewayLog::write(Level level, std::string_view message, std::initializer_list<LogField> fields,
                       std::string_view trace_id) {
  if (!logger_->should_log(to_spdlog(level))) return;
  fmt::memory_buffer line;
  begin_line(line, format_, level, cut(message), trace_id);
  for (const LogField& field : fields) append_field(line, format_, field);
  if (format_ == Format::kJson) line.push_back('}');
  logger_->log(to_spdlog(level), std::string_view(line.data(), line.size()));
  logger_->flush();
}

void GatewayLog::write_limited(Level level, LogCause cause, std::string_view message,
                               std::initializer_list<LogField> fields, std::string_view trace_id) {
  if (!logger_->should_log(to_spdlog(level))) return;
  Budget& budget = budgets_[static_cast<std::size_t>(cause)];
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().since_origin()).count();
  if (budget.second.exchange(second, std::memory_order_relaxed) != second) {
    budget.lines.store(0, std::memory_order_relaxed);
    tell_left_out(cause);
  }
  if (budget.lines.fetch_add(1, std::memory_order_relaxed) >= kLimitedLinesPerSecond) {
    budget.left_out.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  write(level, message, fields, trace_id);
}

void GatewayLog::tell_left_out(LogCause cause) {
  Budget& budget = budgets_[static_cast<std::size_t>(cause)];
  const std::uint64_t left_out = budget.left_out.load(std::memory_order_relaxed);
  const std::uint64_t told = budget.told.exchange(left_out, std::memory_order_relaxed);
  if (left_out > told) {
    write(Level::kWarn, "log lines were left out",
          {{"cause", kLogCauseNames[static_cast<std::size_t>(cause)]}, {"count", left_out - told}});
  }
}

void GatewayLog::tell_left_out() {
  for (std::size_t cause = 0; cause < budgets_.size(); ++cause) tell_left_out(static_cast<LogCause>(cause));
}

}  // namespace tacos::gateway
