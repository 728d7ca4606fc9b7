#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "measure/sample.h"

namespace tacos::load {

// One request that was sent for a user, and what it was told. Empty where there is nothing of the kind.
struct HistoryLine {
  core::Nanos intended{0};  // since the start of the run, as the two below
  core::Nanos sent{0};
  core::Nanos done{0};
  std::uint64_t user = 0;  // of the whole run, not of the worker
  std::string_view step;
  measure::Outcome outcome = measure::Outcome::kOk;
  int status = 0;                       // HTTP; 0: no complete answer
  std::optional<std::uint32_t> target;  // which of the run's; none when the run ended before the answer
  std::string_view ticket;              // the waiting token that was sent; of a join the one that came back
  std::string_view grant;               // sent or given
  std::string_view reservation;         // sent or given
  std::string_view payment;             // sent or given
  std::string_view error;               // code
  std::string_view state;               // "status" of the answer
  std::optional<std::uint64_t> position;
  std::uint64_t poll_after_ms = 0;
  bool ready = false;
  bool stale = false;         // the answer said that it may be old
  std::string_view seat_ids;  // as JSON
  std::string_view order;
};

// Writes lines down, for a checker to read after the run (docs/load.md has the format). Owns its file. One per worker;
// appending formats into a buffer that was allocated once, and every quarter of a megabyte hands it to the system.
class HistoryLog {
 public:
  // `about` is one line of key=value pairs that describes the run.
  static core::Result<std::unique_ptr<HistoryLog>> create(const std::string& path, std::string_view about);

  void append(const HistoryLine& line);

  // Writes what is left, says how many lines there are, and closes. An error that any write met is told here.
  core::Result<void> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  HistoryLog(std::string path, std::FILE* file);
  void put(std::string_view text);
  void put(std::uint64_t number);
  void flush();

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string buffer_;
  std::uint64_t lines_ = 0;
  int error_ = 0;  // errno of the first write that failed; nothing is written after it
};

}  // namespace tacos::load
