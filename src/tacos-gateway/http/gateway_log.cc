#include "tacos-gateway/http/gateway_log.h"

#include <chrono>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "tacos-gateway/http/json_text.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

constexpr std::int64_t kLimitedLinesPerSecond = 10;

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

void append_json_text(fmt::memory_buffer& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":")", name);
  append_json_escaped(out, text);
  out.push_back('"');
}

std::shared_ptr<spdlog::logger> standard_error_logger(GatewayLog::Level level) {
  auto logger = std::make_shared<spdlog::logger>("tacos-gateway", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(to_spdlog(level));
  return logger;
}

}  // namespace

GatewayLog::GatewayLog(Level level, Format format, const core::Clock& clock)
    : GatewayLog(standard_error_logger(level), format, clock) {}

GatewayLog::GatewayLog(std::shared_ptr<spdlog::logger> logger, Format format, const core::Clock& clock)
    : logger_(std::move(logger)), format_(format), clock_(clock) {}

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
  const auto out = std::back_inserter(line);
  if (format_ == Format::kJson) {
    fmt::format_to(out, R"({{"ts":"{}","level":"{}")", timestamp(), name_of(level));
    append_json_text(line, "msg", message);
    if (!trace_id.empty()) append_json_text(line, "trace_id", trace_id);
  } else {
    fmt::format_to(out, "{} {:5} {}", timestamp(), name_of(level), message);
    if (!trace_id.empty()) fmt::format_to(out, " trace_id={}", trace_id);
  }
  for (const LogField& field : fields) {
    if (const auto* text = std::get_if<std::string_view>(&field.value); text != nullptr) {
      if (format_ == Format::kJson) {
        append_json_text(line, field.name, *text);
      } else {
        fmt::format_to(out, " {}=\"", field.name);
        append_json_escaped(line, *text);
        line.push_back('"');
      }
    } else {
      std::visit(
          [&](const auto& number) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(number)>, std::string_view>) {
              fmt::format_to(out, fmt::runtime(format_ == Format::kJson ? R"(,"{}":{})" : " {}={}"), field.name,
                             number);
            }
          },
          field.value);
    }
  }
  if (format_ == Format::kJson) line.push_back('}');
  logger_->log(to_spdlog(level), std::string_view(line.data(), line.size()));
  logger_->flush();
}

void GatewayLog::error_limited(std::string_view message, std::initializer_list<LogField> fields,
                               std::string_view trace_id) {
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().since_origin()).count();
  if (limited_second_.exchange(second, std::memory_order_relaxed) != second) {
    limited_lines_.store(0, std::memory_order_relaxed);
    if (const std::uint64_t left_out = left_out_.exchange(0); left_out > 0) {
      write(Level::kWarn, "log lines were left out", {{"count", left_out}});
    }
  }
  if (limited_lines_.fetch_add(1, std::memory_order_relaxed) >= kLimitedLinesPerSecond) {
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  write(Level::kError, message, fields, trace_id);
}

}  // namespace tacos::gateway
