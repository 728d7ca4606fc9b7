// Ways to wait for the next slot, without the rest of a load generator: one thread, one request a slot, even spacing,
// keep-alive connections used in turn, one fixed answer. For docs/decisions/0007-pacing.md.
//
//   pacing_loop PORT CONNECTIONS RPS SECONDS timerfd|pwait2|spin COALESCE_US
//
// timerfd: epoll_wait, woken by a timer that is set for each turn. pwait2: epoll_pwait2 with the time left, timer slack
// 1 ns. spin: the same, but the last 50 us before a slot are spent asking epoll without waiting. Prints one line of
// JSON.
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "core/clock.h"
#include "core/units.h"
#include "measure/histogram.h"

namespace {

using namespace tacos;
using core::Nanos;

constexpr Nanos kSpin = std::chrono::microseconds(50);
constexpr const char* kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

timespec as_timespec(Nanos time) {
  return {time.count() / 1'000'000'000, time.count() % 1'000'000'000};
}

class Loop {
 public:
  Loop(int connections, Nanos spacing, Nanos end, std::string wait, Nanos coalesce)
      : spacing_(spacing),
        end_(end),
        wait_(std::move(wait)),
        coalesce_(coalesce),
        intended_(static_cast<std::size_t>(connections)) {}

  bool open(int port) {
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u32 = static_cast<std::uint32_t>(intended_.size());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
    for (std::size_t i = 0; i < intended_.size(); ++i) {
      const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(static_cast<std::uint16_t>(port));
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (fd < 0 || connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return false;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      event.data.u32 = static_cast<std::uint32_t>(i);
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
      sockets_.push_back(fd);
    }
    return true;
  }

  void run() {
    start_ = clock_.now();
    while (sent_ * spacing_ < end_ || answered_ < sent_) {
      const Nanos now = clock_.now() - start_;
      while (due() <= now && due() < end_) send_one();
      wait(std::max(due(), now + coalesce_));
      if (clock_.now() - start_ > end_ + std::chrono::seconds(1)) break;
    }
  }

  measure::Histogram lag, response;
  std::int64_t sent_ = 0, answered_ = 0;

 private:
  Nanos due() const { return spacing_ * sent_; }

  void send_one() {
    const auto at = static_cast<std::size_t>(sent_) % sockets_.size();
    intended_[at] = due();
    lag.record(clock_.now() - start_ - intended_[at]);
    if (::send(sockets_[at], kRequest, std::strlen(kRequest), MSG_NOSIGNAL) < 0) std::abort();
    ++sent_;
  }

  void wait(Nanos until) {
    const Nanos left = std::max(Nanos(0), until - (clock_.now() - start_));
    int n = 0;
    if (wait_ == "timerfd") {
      const itimerspec at{{0, 0}, as_timespec(std::max(left, Nanos(1)))};
      timerfd_settime(timer_, 0, &at, nullptr);
      n = epoll_wait(epoll_, events_, kEvents, -1);
    } else {
      const bool spin = wait_ == "spin" && left <= kSpin;
      const timespec time = as_timespec(spin ? Nanos(0) : wait_ == "spin" ? left - kSpin : left);
      n = epoll_pwait2(epoll_, events_, kEvents, &time, nullptr);
    }
    for (int i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(events_[i].data.u32);
      if (at < sockets_.size()) take_answer(at);
    }
  }

  void take_answer(std::size_t at) {
    char buffer[2048];
    if (recv(sockets_[at], buffer, sizeof buffer, MSG_DONTWAIT) <= 0) return;
    response.record(clock_.now() - start_ - intended_[at]);
    ++answered_;
  }

  static constexpr int kEvents = 128;
  core::SteadyClock clock_;
  core::Instant start_;
  Nanos spacing_, end_;
  std::string wait_;
  Nanos coalesce_;
  std::vector<Nanos> intended_;
  std::vector<int> sockets_;
  epoll_event events_[kEvents];
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    fmt::print(stderr, "usage: pacing_loop PORT CONNECTIONS RPS SECONDS timerfd|pwait2|spin COALESCE_US\n");
    return 2;
  }
  const int connections = std::atoi(argv[2]);
  const Nanos spacing(1'000'000'000 / std::atol(argv[3]));
  Loop loop(connections, spacing, std::chrono::seconds(std::atol(argv[4])), argv[5],
            std::chrono::microseconds(std::atol(argv[6])));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (!loop.open(std::atoi(argv[1]))) {
    std::perror("pacing_loop: can't connect");
    return 3;
  }
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  loop.run();
  getrusage(RUSAGE_SELF, &after);
  const auto us = [](const rusage& u) {
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
  };
  const auto ms = [](const measure::Histogram& h, double p) { return core::to_millis(h.percentile(p)); };
  fmt::print(
      "{{\"cpu_us\": {:.2f}, \"lag_p50\": {:.4f}, \"lag_p99\": {:.4f}, \"p50\": {:.4f}, \"p99\": {:.4f}, \"sent\": "
      "{}, \"answered\": {}}}\n",
      (us(after) - us(before)) / static_cast<double>(loop.sent_), ms(loop.lag, 50), ms(loop.lag, 99),
      ms(loop.response, 50), ms(loop.response, 99), loop.sent_, loop.answered_);
  return 0;
}
