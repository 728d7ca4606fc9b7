#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "tacos-load/transport/early_wake.h"

namespace tacos::load {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The sockets an event loop waits for (epoll), and until when (a timerfd: poll time-outs are late by the thread's timer
// slack, 50 us by default, prctl(2) PR_SET_TIMERSLACK).
//
// A socket that was adopted stays registered while nobody wants it, because libcurl gives up a socket after each
// request and asks for it again with the next: that would be two system calls per request. Whoever closes an adopted
// socket has to say so by forget(), as the kernel drops a closed socket without a word and its number will come back.
//
// Thread rule: one thread. Instants are those of CLOCK_MONOTONIC.
class SocketWatch {
 public:
  SocketWatch()
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;  // arming anew makes it ready anew: it never has to be read
    event.data.fd = timer_.get();
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event);
  }

  // False when the process has run out of descriptors.
  bool ready() const { return epoll_.get() >= 0 && timer_.get() >= 0; }

  void adopt(int socket) { of(socket) = {0, 0, true}; }
  void forget(int socket) { of(socket) = {}; }

  // events: EPOLLIN, EPOLLOUT, both, or 0 for nothing.
  void want(int socket, std::uint32_t events) {
    Interest& interest = of(socket);
    interest.wanted = events;
    if (events == 0 && interest.adopted && interest.registered == EPOLLIN) return;
    register_for(socket, interest, events);
  }

  // Waits until something happens to a wanted socket or the time has come, and calls handle(socket, events) for a few
  // of those to which something did. Few, so that what is due is never kept waiting by a crowd of answers for long.
  template <class Handle>
  void wait(core::Instant until, core::Instant now, Handle&& handle) {
    // Awake early for this very moment: the rest is asked for, not slept.
    const bool awake = until <= now || (woken_for_ == until && until - now <= EarlyWake::kEarly);
    if (!awake) {
      const bool early = EarlyWake::pays(until, now);
      woken_for_ = early ? until : core::Instant::never();
      arm(early ? until - EarlyWake::kEarly : until);
    }
    std::array<epoll_event, kBatch> happened{};
    const int count = ::epoll_wait(epoll_.get(), happened.data(), kBatch, awake ? 0 : -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = happened[static_cast<std::size_t>(i)];
      if (event.data.fd == timer_.get()) continue;
      Interest& interest = of(event.data.fd);
      if (interest.wanted == 0) {
        // The peer has closed a resting connection. Its owner finds out when it is used next; until then be quiet.
        register_for(event.data.fd, interest, 0);
        continue;
      }
      handle(event.data.fd, event.events);
    }
  }

 private:
  static constexpr int kBatch = 16;

  struct Interest {
    std::uint32_t wanted = 0;
    std::uint32_t registered = 0;
    bool adopted = false;
  };

  Interest& of(int socket) {
    const auto index = static_cast<std::size_t>(socket);
    if (index >= interests_.size()) interests_.resize(std::max(index + 1, interests_.size() * 2));
    return interests_[index];
  }

  void register_for(int socket, Interest& interest, std::uint32_t events) {
    if (events == interest.registered) return;
    epoll_event event{};
    event.events = events;
    event.data.fd = socket;
    const int change = events == 0 ? EPOLL_CTL_DEL : interest.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    ::epoll_ctl(epoll_.get(), change, socket, &event);
    interest.registered = events;
  }

  void arm(core::Instant until) {
    if (until == armed_for_) return;
    armed_for_ = until;
    itimerspec when{};  // all zero disarms
    if (until != core::Instant::never()) {
      const auto ns = until.since_origin().count();
      when.it_value = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  FileDescriptor epoll_;
  FileDescriptor timer_;
  core::Instant armed_for_ = core::Instant::never();
  core::Instant woken_for_ = core::Instant::never();  // what the timer was set early for
  std::vector<Interest> interests_;                   // by descriptor
};

}  // namespace tacos::load
