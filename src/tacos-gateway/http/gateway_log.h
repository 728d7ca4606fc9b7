#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <spdlog/logger.h>

#include "core/clock.h"

namespace tacos::gateway {

// One named value of a log line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double> value;
};

// What the gateway says about itself: start, shutdown, operators' actions, its own failures; never one line per
// request. JSON: {"ts","level","msg","trace_id",…} one object a line; text: the same for people. Goes to standard
// error. Thread rule: any thread.
class GatewayLog {
 public:
  enum class Level { kDebug, kInfo, kWarn, kError, kOff };
  enum class Format { kJson, kText };

  GatewayLog(Level level, Format format, const core::Clock& clock);
  // Writes to a logger of the caller's choice; its pattern must be "%v".
  GatewayLog(std::shared_ptr<spdlog::logger> logger, Format format, const core::Clock& clock);

  void write(Level level, std::string_view message, std::initializer_list<LogField> fields = {},
             std::string_view trace_id = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {}, std::string_view trace_id = {}) {
    write(Level::kInfo, message, fields, trace_id);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}, std::string_view trace_id = {}) {
    write(Level::kError, message, fields, trace_id);
  }
  // For what may happen to every request at once: at most ten lines a second, and the next one tells how many were left
  // out.
  void error_limited(std::string_view message, std::initializer_list<LogField> fields = {},
                     std::string_view trace_id = {});

  static Level level_named(std::string_view name);

 private:
  std::shared_ptr<spdlog::logger> logger_;
  Format format_;
  const core::Clock& clock_;
  std::atomic<std::int64_t> limited_second_{0};
  std::atomic<std::int64_t> limited_lines_{0};
  std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace tacos::gateway
