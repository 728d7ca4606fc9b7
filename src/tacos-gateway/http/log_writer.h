#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/sinks/sink.h>

#include "core/clock.h"
#include "core/result.h"

namespace tacos::gateway {

// Takes log lines from any thread and writes them by one of its own, so that nobody who logs ever waits for a pipe that
// is not read, a slow disk or a terminal that is stopped. Lines wait in a ring of bounded length; what finds it full is
// dropped and counted, and so is a line that can't be written (no reader, no space). The next line that is written
// follows one that tells how many were dropped. Of a line that could be written only in part nothing stays in a file;
// elsewhere its half gets a line end of its own, so that no line is ever glued to another.
//
// Thread rule: any thread; the destructor belongs to the owner. It waits up to kFlushPatience for what is in the ring.
class LogWriter final : public spdlog::sinks::sink {
 public:
  static constexpr std::size_t kMostLines = 4096;
  static constexpr std::size_t kMostBytes = 1024 * 1024;
  static constexpr core::Nanos kFlushPatience = std::chrono::milliseconds(500);

  // Makes the line that tells of dropped ones; called by the writer's thread.
  using DropLine = std::string (*)(std::uint64_t dropped);

  // To standard error until open() names a file.
  explicit LogWriter(DropLine drop_line);
  ~LogWriter() override;

  // From now on lines are appended to this file, which is made when it is not there. After a failure it goes on as
  // before; the error names the file.
  core::Result<void> open(const std::string& path);

  void write(std::string_view line);
  // Waits until all that was handed over is written, at most this long. Whether it is.
  bool flush_within(core::Nanos patience);

  std::uint64_t dropped() const;

  // As a sink of spdlog: the payload alone, without a pattern.
  void log(const spdlog::details::log_msg& message) override;
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  class Ring;

  // Shared with the thread: one that hangs in a write at the end is left behind, and must find its ring.
  const std::shared_ptr<Ring> ring_;
};

}  // namespace tacos::gateway
