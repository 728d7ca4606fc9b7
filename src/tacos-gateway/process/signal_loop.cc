#include "tacos-gateway/process/signal_loop.h"

#include <cerrno>
#include <chrono>
#include <string.h>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

constexpr int kTaken[] = {SIGHUP,  SIGINT,  SIGQUIT,   SIGTRAP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT,
                          SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  SIGTTIN, SIGTTOU};

sigset_t taken_signals() {
  sigset_t taken;
  ::sigemptyset(&taken);
  for (const int signal : kTaken) ::sigaddset(&taken, signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) ::sigaddset(&taken, signal);
  return taken;
}

}  // namespace

SignalMeaning meaning_of(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
      return SignalMeaning::kShutDown;
    case SIGQUIT:
      return SignalMeaning::kStopAtOnce;
    case SIGHUP:
      return SignalMeaning::kReload;
    default:
      return SignalMeaning::kNothing;
  }
}

std::string name_of_signal(int signal) {
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return fmt::format("SIGRTMIN+{}", signal - SIGRTMIN);
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("signal {}", signal) : fmt::format("SIG{}", name);
}

void hold_signals() {
  const sigset_t taken = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
}

SignalLoop::SignalLoop() : taken_(taken_signals()) {
  hold_signals();
}

std::optional<int> SignalLoop::wait(core::Nanos at_most) const {
  const auto seconds = at_most / std::chrono::seconds(1);
  const timespec time{seconds, (at_most - std::chrono::seconds(seconds)).count()};
  const int signal = ::sigtimedwait(&taken_, nullptr, &time);
  // EINTR: the process was stopped and goes on; the caller looks at its clock and waits again.
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

}  // namespace tacos::gateway
