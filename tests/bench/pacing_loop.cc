// What it costs to wait for the next slot: a bare open loop of one thread at an even rate, with ways of waiting to
// choose from. No parser, no journey, no record: the floor under what any generator pays for the same requests.
//
//   pacing_loop --wait timerfd|pwait2|spin|uring|uring-multishot [--coalesce US] [--spin US] [--rps N] [--connections
//   N] [--seconds N]
//               [--port N]
//
// The target is 127.0.0.1:PORT and answers GET / with the same number of bytes each time. Prints one line of JSON.
// docs/decisions/0007-pacing.md has what came of it.
#include "pacing_loop.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#ifdef TACOS_HAVE_URING
#include "pacing_uring.h"
#endif

namespace {

using namespace tacos::bench;

constexpr int kEvents = 128;  // as asio

class EpollLoop final : public Loop {
 public:
  EpollLoop(const Options& options, std::vector<int> sockets, long answer_bytes)
      : Loop(options, std::move(sockets), answer_bytes), timerfd_(options.wait == "timerfd") {
    for (std::size_t id = 0; id < sockets_.size(); ++id) add(sockets_[id], id);
    if (timerfd_) add(timer_, kTimer);
  }

 private:
  static constexpr std::size_t kTimer = SIZE_MAX;

  void add(int fd, std::size_t id) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // a timer armed anew is ready anew: it never has to be read
    event.data.u64 = id;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl", errno);
  }

  void transmit(std::size_t id) override {
    const auto sent = ::send(sockets_[id], kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(kRequest.size())) die("send", errno);
  }

  int poll(Instant now, Instant until) {
    if (timerfd_) {
      if (until != armed_) {
        const itimerspec when{{}, to_timespec(until.since_origin())};
        ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
        armed_ = until;
      }
      return ::epoll_wait(epoll_, events_.data(), kEvents, -1);
    }
    const Nanos left = until - now;
    if (left <= options_.spin) return ::epoll_wait(epoll_, events_.data(), kEvents, 0);
    const timespec timeout = to_timespec(left - options_.spin);
    return ::epoll_pwait2(epoll_, events_.data(), kEvents, &timeout, nullptr);
  }

  void wait(Instant now, Instant until) override {
    const int count = poll(now, until);
    for (int i = 0; i < count; ++i) {
      const std::size_t id = events_[static_cast<std::size_t>(i)].data.u64;
      if (id == kTimer) continue;
      const auto got = ::recv(sockets_[id], scratch_.data(), scratch_.size(), 0);
      if (got >= 0 || errno != EAGAIN) on_bytes(id, got >= 0 ? got : -errno);
    }
  }

  bool timerfd_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  Instant armed_;
  std::array<epoll_event, kEvents> events_{};
  std::array<char, 4096> scratch_{};  // nobody looks at what is answered
};

int connect_to(long port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) die("connect", errno);
  const int on = 1;
  const linger at_once{1, 0};  // thousands of sockets in TIME-WAIT would be in the way of the next run
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  return fd;
}

// One exchange on every connection, so that each is warm, and for the length of an answer.
long warm_up(int fd) {
  std::array<char, 4096> answer{};
  if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) die("send", errno);
  const auto got = ::recv(fd, answer.data(), answer.size(), 0);
  if (got <= 0) die("no answer", got < 0 ? errno : ECONNRESET);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return got;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const long value = std::atol(argv[i + 1]);
    if (name == "--wait") options.wait = argv[i + 1];
    if (name == "--coalesce") options.coalesce = std::chrono::microseconds(value);
    if (name == "--spin") options.spin = std::chrono::microseconds(value);
    if (name == "--rps") options.rps = value;
    if (name == "--connections") options.connections = value;
    if (name == "--seconds") options.seconds = value;
    if (name == "--port") options.port = value;
  }
  if (options.wait != "spin") options.spin = Nanos(0);
  ::prctl(PR_SET_TIMERSLACK, 1);
  std::vector<int> sockets;
  long answer_bytes = 0;
  for (long i = 0; i < options.connections; ++i) {
    sockets.push_back(connect_to(options.port));
    answer_bytes = warm_up(sockets.back());
  }
  if (options.wait == "timerfd" || options.wait == "pwait2" || options.wait == "spin") {
    EpollLoop(options, std::move(sockets), answer_bytes).run();
#ifdef TACOS_HAVE_URING
  } else if (options.wait.starts_with("uring")) {
    UringLoop(options, std::move(sockets), answer_bytes).run();
#endif
  } else {
    fmt::print(stderr,
               "pacing_loop: --wait is timerfd, pwait2, spin or, if built with liburing, uring or uring-multishot\n");
    return 2;
  }
}
