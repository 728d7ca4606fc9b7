#include "tacos-load/history/history_log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace tacos::load {
namespace {

constexpr std::size_t kFlushBytes = 256 * 1024;
// A server's text is a stranger's: bounded, and without what would break a line or a column.
constexpr std::size_t kLongestText = 512;
constexpr std::size_t kLongestLine = 10 * kLongestText + 256;
constexpr std::string_view kColumns =
    "intended_us\tsent_us\tdone_us\tuser\tstep\toutcome\tstatus\terror\ttarget\tticket\tstate\tposition\tpoll_after_"
    "ms\t"
    "ready\tstale\tgrant\treservation\tseats\tpayment\torder\n";

// In whole microseconds, down: what was sent before another was done stays so.
std::int64_t micros(core::Nanos at) {
  return at.count() / 1000;
}

}  // namespace

HistoryLog::HistoryLog(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {
  buffer_.reserve(kFlushBytes + kLongestLine);
  std::setvbuf(file, nullptr, _IONBF, 0);  // the buffer is ours
}

core::Result<std::unique_ptr<HistoryLog>> HistoryLog::create(const std::string& path, std::string_view about) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) {
    return core::fail(fmt::format("--history: can't write '{}': {}. Name a file in a directory that exists", path,
                                  std::strerror(errno)));
  }
  std::unique_ptr<HistoryLog> log(new HistoryLog(path, file));
  fmt::format_to(std::back_inserter(log->buffer_), "#tacos.history/1\t{}#run\t{}\n", kColumns, about);
  return log;
}

void HistoryLog::put(std::string_view text) {
  buffer_ += '\t';
  if (text.empty()) buffer_ += '-';
  for (const char c : text.substr(0, kLongestText)) {
    const auto code = static_cast<unsigned char>(c);
    buffer_ += code <= 0x20 || code == 0x7F ? '?' : c;
  }
}

void HistoryLog::put(std::uint64_t number) {
  fmt::format_to(std::back_inserter(buffer_), FMT_COMPILE("\t{}"), number);
}

void HistoryLog::append(const HistoryLine& line) {
  if (error_ != 0) return;
  fmt::format_to(std::back_inserter(buffer_), FMT_COMPILE("{}\t{}\t{}\t{}"), micros(line.intended), micros(line.sent),
                 micros(line.done), line.user);
  put(line.step);
  put(measure::name_of(line.outcome));
  put(static_cast<std::uint64_t>(std::max(0, line.status)));
  put(line.error);
  line.target ? put(std::uint64_t{*line.target}) : put(std::string_view{});
  put(line.ticket);
  put(line.state);
  line.position ? put(*line.position) : put(std::string_view{});
  put(line.poll_after_ms);
  put(std::uint64_t{line.ready});
  put(std::uint64_t{line.stale});
  put(line.grant);
  put(line.reservation);
  put(line.seat_ids);
  put(line.payment);
  put(line.order);
  buffer_ += '\n';
  ++lines_;
  if (buffer_.size() >= kFlushBytes) flush();
}

void HistoryLog::flush() {
  if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get()) != buffer_.size()) {
    error_ = errno == 0 ? EIO : errno;
  }
  buffer_.clear();
}

core::Result<void> HistoryLog::finish() {
  fmt::format_to(std::back_inserter(buffer_), "#end\t{}\n", lines_);
  flush();
  errno = 0;
  if (file_ && std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno == 0 ? EIO : errno;
  if (error_ == 0) return {};
  return core::fail(fmt::format("--history: can't write '{}': {}. What it holds ends before the run does", path_,
                                std::strerror(error_)));
}

}  // namespace tacos::load
