#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <spdlog/logger.h>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-gateway/http/log_writer.h"

namespace tacos::gateway {

// One named value of a log line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double> value;
};

// Why lines that may come with every request are written. Each cause has a budget of its own, so that what strangers
// bring about never hides what is wrong with the gateway.
enum class LogCause : std::uint8_t {
  kInternal,   // 500: a fault of ours
  kUpstream,   // 502, 504: of what stands behind us
  kStore,      // 503: the store does not answer
  kOverload,   // 503: a limit was reached
  kStranger,   // refusals that only the sender can mend: 501, 505
  kAdminAuth,  // wrong admin tokens
  kSignal,     // signals that mean nothing to the gateway
};
inline constexpr std::array<std::string_view, 7> kLogCauseNames{"internal", "upstream",   "store", "overload",
                                                                "stranger", "admin_auth", "signal"};

// What the gateway says about itself: start, shutdown, operators' actions, its own failures; never one line per
// request. JSON: {"ts","level","msg","trace_id",…} one object a line; text: the same for people. Goes to standard
// error or to a file, through a LogWriter: a line is dropped, and counted, rather than waited for.
// Thread rule: any thread.
class GatewayLog {
 public:
  enum class Level { kDebug, kInfo, kWarn, kError, kOff };
  enum class Format { kJson, kText };

  static constexpr std::int64_t kLimitedLinesPerSecond = 10;  // for each cause
  static constexpr std::size_t kLongestText = 2048;           // what is longer is cut

  GatewayLog(Level level, Format format, const core::Clock& clock);
  // Writes to a logger of the caller's choice; its pattern must be "%v".
  GatewayLog(std::shared_ptr<spdlog::logger> logger, Format format, const core::Clock& clock);

  // Appends to this file instead of standard error, from now on; also opens it anew after it was moved away. After a
  // failure the log stays where it is.
  core::Result<void> open(const std::string& path);

  void write(Level level, std::string_view message, std::initializer_list<LogField> fields = {},
             std::string_view trace_id = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {}, std::string_view trace_id = {}) {
    write(Level::kInfo, message, fields, trace_id);
  }
  void error(std::string_view message, std::initializer_list<LogField> fields = {}, std::string_view trace_id = {}) {
    write(Level::kError, message, fields, trace_id);
  }
  // For what may happen to every request at once: at most kLimitedLinesPerSecond lines a second for a cause. The first
  // line of a later second follows one that tells how many were left out.
  void write_limited(Level level, LogCause cause, std::string_view message, std::initializer_list<LogField> fields = {},
                     std::string_view trace_id = {});
  void error_limited(LogCause cause, std::string_view message, std::initializer_list<LogField> fields = {},
                     std::string_view trace_id = {}) {
    write_limited(Level::kError, cause, message, fields, trace_id);
  }
  // Tells what was left out and not told yet: at the end.
  void tell_left_out();

  // Whether all that was written has reached its destination, waiting at most this long.
  bool flush_within(core::Nanos patience);

  // Lines that found the ring full, or could not be written.
  std::uint64_t dropped() const { return writer_ == nullptr ? 0 : writer_->dropped(); }
  // Lines over a cause's budget, ever.
  std::uint64_t left_out(LogCause cause) const {
    return budgets_[static_cast<std::size_t>(cause)].left_out.load(std::memory_order_relaxed);
  }

  static Level level_named(std::string_view name);

 private:
  struct Budget {
    std::atomic<std::int64_t> second{0};
    std::atomic<std::int64_t> lines{0};
    std::atomic<std::uint64_t> left_out{0};
    std::atomic<std::uint64_t> told{0};
  };

  void tell_left_out(LogCause cause);

  std::shared_ptr<LogWriter> writer_;  // null when the logger is the caller's
  std::shared_ptr<spdlog::logger> logger_;
  Format format_;
  const core::Clock& clock_;
  std::array<Budget, kLogCauseNames.size()> budgets_;
};

}  // namespace tacos::gateway
