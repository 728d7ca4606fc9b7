#include "tacos-gateway/http/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

// A pipe that poll() calls writable takes this much at once (PIPE_BUF of Linux), so that the thread waits in poll(),
// where it still hears that it is to stop, and not in write().
constexpr std::size_t kPiece = 4096;
constexpr int kPollMs = 100;

// What lines are written to. Standard error belongs to everybody and stays open.
class Destination {
 public:
  explicit Destination(int number, bool owned) : number_(number), owned_(owned) {}
  ~Destination() {
    if (owned_) ::close(number_);
  }
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  int number() const { return number_; }

  // A line could be written only in part, of which this much stands there. What can be taken back is: of a file whose
  // last bytes these are. Otherwise the next line begins with the end of this one. The writer's thread alone calls
  // this.
  void tear(std::size_t written) { torn_ = !take_back(written); }
  void find_torn() { torn_ = true; }
  bool is_torn() const { return torn_; }
  void mend() { torn_ = false; }

 private:
  bool take_back(std::size_t written) const {
    if (!owned_) return false;
    struct stat facts {};
    if (::fstat(number_, &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
    // After an append the position is where that ended: beyond it somebody else has written.
    const off_t position = ::lseek(number_, 0, SEEK_CUR);
    const auto back = static_cast<off_t>(written);
    return position == facts.st_size && position >= back && ::ftruncate(number_, position - back) == 0;
  }

  const int number_;
  const bool owned_;
  bool torn_ = false;
};

// What an earlier run, or a disk that was full, has left at the end of a file.
bool ends_in_half_a_line(const std::string& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (number < 0) return false;
  const Destination reading(number, true);
  struct stat facts {};
  char last = '\n';
  const bool is_file = ::fstat(number, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0;
  return is_file && ::pread(number, &last, 1, facts.st_size - 1) == 1 && last != '\n';
}

// A reader that has gone gives EPIPE instead of ending the process.
void block_sigpipe() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

class LogWriter::Ring {
 public:
  explicit Ring(DropLine drop_line)
      : drop_line_(drop_line), destination_(std::make_shared<Destination>(STDERR_FILENO, false)) {}

  void push(std::string_view line) {
    {
      const std::lock_guard lock(mutex_);
      if (lines_.size() >= kMostLines || bytes_ + line.size() > kMostBytes) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      lines_.emplace_back(line);
      bytes_ += line.size();
    }
    wake_.notify_one();
  }

  void set_destination(std::shared_ptr<Destination> destination) {
    const std::lock_guard lock(mutex_);
    destination_ = std::move(destination);
  }

  bool flush_within(core::Nanos patience) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, patience, [this] { return lines_.empty() && !writing_; });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
  }
  bool ended_within(core::Nanos patience) {
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, patience, [this] { return ended_; });
  }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  void run() {
    block_sigpipe();
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
      if (lines_.empty()) break;
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      bytes_ -= line.size();
      writing_ = true;
      const auto destination = destination_;
      lock.unlock();
      const bool written = write_line(*destination, line);
      lock.lock();
      writing_ = false;
      if (!written && stopping_) drop_all();
      if (lines_.empty()) idle_.notify_all();
    }
    ended_ = true;
    idle_.notify_all();
  }

 private:
  bool write_line(Destination& to, const std::string& line) {
    const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
    if (dropped > told_ && write_whole(to, drop_line_(dropped - told_))) told_ = dropped;
    const bool written = write_whole(to, line);
    if (!written) dropped_.fetch_add(1, std::memory_order_relaxed);
    return written;
  }

  // Requires the lock.
  void drop_all() {
    dropped_.fetch_add(lines_.size(), std::memory_order_relaxed);
    lines_.clear();
    bytes_ = 0;
  }

  // False when the line, or the rest of it, is lost.
  bool write_whole(Destination& to, std::string line) {
    if (to.is_torn()) line.insert(line.begin(), '\n');
    line.push_back('\n');
    const std::size_t written = write_some(to.number(), line);
    if (written == line.size()) {
      to.mend();
      return true;
    }
    if (written == 0) return false;
    const bool ended_another = to.is_torn();
    to.mend();
    // Of what ended a torn line the line end stays.
    const std::size_t of_this_line = written - (ended_another ? 1 : 0);
    if (of_this_line > 0) to.tear(of_this_line);
    return false;
  }

  // How much could be written.
  std::size_t write_some(int to, std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      if (!wait_until_writable(to)) break;
      const ssize_t written = ::write(to, text.data() + at, std::min(kPiece, text.size() - at));
      if (written >= 0) {
        at += static_cast<std::size_t>(written);
      } else if (errno != EINTR && errno != EAGAIN) {
        break;
      }
    }
    return at;
  }

  // False when it is to stop and nobody reads.
  bool wait_until_writable(int to) {
    for (;;) {
      pollfd waiting{to, POLLOUT, 0};
      const int ready = ::poll(&waiting, 1, kPollMs);
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return true;  // write() will tell
      const std::lock_guard lock(mutex_);
      if (stopping_ && ready == 0) return false;
    }
  }

  const DropLine drop_line_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  bool writing_ = false, stopping_ = false, ended_ = false;
  std::shared_ptr<Destination> destination_;
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t told_ = 0;  // of the dropped ones; the thread's own
};

LogWriter::LogWriter(DropLine drop_line) : ring_(std::make_shared<Ring>(drop_line)) {
  std::thread([ring = ring_] { ring->run(); }).detach();
}

LogWriter::~LogWriter() {
  ring_->flush_within(kFlushPatience);
  ring_->stop();
  // It notices within a poll that it is to stop; one that hangs in a write is left behind with its ring.
  ring_->ended_within(kFlushPatience);
}

core::Result<void> LogWriter::open(const std::string& path) {
  const auto cannot = [&](std::string_view reason) {
    return core::fail(fmt::format("--log-file: cannot append to '{}': {}", path, reason));
  };
  // O_NONBLOCK: opening a FIFO that nobody reads is an error instead of a wait.
  const int number = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
  if (number < 0) return cannot(errno == ENXIO ? "it is a pipe that nobody reads" : std::strerror(errno));
  auto destination = std::make_shared<Destination>(number, true);
  if (ends_in_half_a_line(path)) destination->find_torn();
  ring_->set_destination(std::move(destination));
  return {};
}

void LogWriter::write(std::string_view line) {
  ring_->push(line);
}

bool LogWriter::flush_within(core::Nanos patience) {
  return ring_->flush_within(patience);
}

std::uint64_t LogWriter::dropped() const {
  return ring_->dropped();
}

void LogWriter::log(const spdlog::details::log_msg& message) {
  ring_->push({message.payload.data(), message.payload.size()});
}

}  // namespace tacos::gateway
