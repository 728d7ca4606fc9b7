#include "tacos-gateway/gateway_process.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

// How soon the service manager hears that the store answers, and how soon the end of the last request is noticed.
constexpr core::Nanos kSoon = milliseconds(20);
// When nobody is to be told anything, only signals wake the loop.
constexpr core::Nanos kSeldom = std::chrono::hours(1);
// How long lines that are still in the log's ring may take at the end.
constexpr core::Nanos kLogPatience = milliseconds(500);

// A descriptor that is closed would be given to the next socket, and a client would get what is written to standard
// error.
void open_standard_descriptors() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) != -1) continue;
    // The lowest free number is this one.
    if (::open("/dev/null", O_RDWR) != number) return;
  }
}

}  // namespace

GatewayProcess::GatewayProcess(const GatewayCommand& command)
    : options_(command.options), warnings_(command.warnings), manager_(ServiceNotifier::of_this_process()) {
  open_standard_descriptors();
}

core::Result<void> GatewayProcess::open_log() {
  const auto format = options_.log_format == "json" ? GatewayLog::Format::kJson : GatewayLog::Format::kText;
  log_ = std::make_unique<GatewayLog>(GatewayLog::level_named(options_.log_level), format, clock_);
  if (options_.log_file.empty()) return {};
  return log_->open(options_.log_file);
}

GatewayExit GatewayProcess::run() {
  if (const auto opened = open_log(); opened.has_error()) {
    fmt::print(stderr, "tacos-gateway: {}\n", opened.error().message);
    return GatewayExit::kWrongOption;
  }
  auto started = Gateway::start(options_, clock_, *log_);
  if (started.has_error()) {
    log_->flush_within(kLogPatience);
    fmt::print(stderr, "tacos-gateway: {}\n", started.error().message);
    return started.error().fault == Gateway::Fault::kOptions ? GatewayExit::kWrongOption : GatewayExit::kCannotRun;
  }
  gateway_ = std::move(*started);
  for (const std::string& warning : warnings_) log_->write(GatewayLog::Level::kWarn, warning);
  const GatewayExit exit = shut_down(serve());
  log_->flush_within(kLogPatience);
  return exit;
}

int GatewayProcess::serve() {
  alive_due_ = clock_.now();
  for (;;) {
    tell_manager();
    core::Nanos patience = kSeldom;
    if (manager_.is_heard() && !told_ready_) patience = kSoon;
    if (manager_.watchdog_interval() > core::Nanos(0)) {
      patience = std::clamp(alive_due_ - clock_.now(), core::Nanos(milliseconds(1)), patience);
    }
    const auto signal = signals_.wait(at_most(patience));
    if (!signal) continue;
    switch (meaning_of(*signal)) {
      case SignalMeaning::kShutDown:
      case SignalMeaning::kStopAtOnce:
        return *signal;
      case SignalMeaning::kReload:
        if (told_ready_) manager_.reloading();
        gateway_->reload();
        if (told_ready_) manager_.ready();
        break;
      case SignalMeaning::kNothing:
        pass_over(*signal);
        break;
    }
  }
}

core::Nanos GatewayProcess::at_most(core::Nanos patience) const {
  return manager_.has_untold() ? std::min(patience, ServiceNotifier::kAgain) : patience;
}

// A manager that is told READY sends requests, and one that hears nothing for the watchdog's time starts the gateway
// anew: so a thread that hangs keeps this quiet.
void GatewayProcess::tell_manager() {
  if (!manager_.is_heard()) return;
  manager_.tell_again();
  if (!told_ready_ && gateway_->is_ready()) {
    manager_.ready();
    told_ready_ = true;
  }
  const core::Nanos interval = manager_.watchdog_interval();
  if (interval == core::Nanos(0) || clock_.now() < alive_due_) return;
  if (gateway_->threads_make_progress()) manager_.alive();
  alive_due_ = clock_.now() + interval;
}

// At the end threads stop one by one, which is no reason to start the gateway anew.
void GatewayProcess::say_alive() {
  manager_.tell_again();
  const core::Nanos interval = manager_.watchdog_interval();
  if (interval == core::Nanos(0) || clock_.now() < alive_due_) return;
  manager_.alive();
  alive_due_ = clock_.now() + interval;
}

void GatewayProcess::pass_over(int signal) {
  const std::string name = name_of_signal(signal);
  constexpr std::string_view kMessage = "this signal means nothing to the gateway";
  const std::size_t kind = static_cast<std::size_t>(signal) % seen_.size();
  if (!seen_.test(kind)) {
    log_->write(GatewayLog::Level::kWarn, kMessage, {{"signal", std::string_view(name)}});
  } else {
    log_->write_limited(GatewayLog::Level::kDebug, LogCause::kSignal, kMessage, {{"signal", std::string_view(name)}});
  }
  seen_.set(kind);
}

GatewayExit GatewayProcess::shut_down(int signal) {
  manager_.stopping();
  log_->info("shutting down", {{"signal", std::string_view(name_of_signal(signal))}});
  gateway_->announce_shutdown();
  const bool at_once = meaning_of(signal) == SignalMeaning::kStopAtOnce || wait_for_balancers();
  return finish(at_once ? core::Nanos(0) : options_.shutdown_grace) ? GatewayExit::kOk : GatewayExit::kCutOff;
}

bool GatewayProcess::wait_for_balancers() {
  const core::Instant end = clock_.now() + options_.shutdown_delay;
  while (clock_.now() < end) {
    const auto signal = signals_.wait(at_most(std::min(end - clock_.now(), core::Nanos(std::chrono::seconds(1)))));
    say_alive();
    if (!signal) continue;
    switch (meaning_of(*signal)) {
      case SignalMeaning::kShutDown:  // a second one ends the wait
        return false;
      case SignalMeaning::kStopAtOnce:
        return true;
      case SignalMeaning::kReload:
        gateway_->reload();
        break;
      case SignalMeaning::kNothing:
        pass_over(*signal);
        break;
    }
  }
  return false;
}

bool GatewayProcess::finish(core::Nanos grace) {
  std::atomic<bool> ended{false};
  bool all_answered = false;
  std::thread finishing([&] {
    all_answered = gateway_->shut_down(grace);
    ended = true;
  });
  bool at_once = false;
  while (!ended) {
    const auto signal = signals_.wait(kSoon);
    say_alive();
    // Until it has ended: a thread that has not heard of the shutdown yet has nothing to cut off.
    if (at_once) gateway_->cut_off();
    if (!signal) continue;
    log_->write_limited(GatewayLog::Level::kInfo, LogCause::kSignal, "shutting down already; SIGQUIT ends it at once",
                        {{"signal", std::string_view(name_of_signal(*signal))}});
    at_once = at_once || meaning_of(*signal) == SignalMeaning::kStopAtOnce;
  }
  finishing.join();
  return all_answered;
}

}  // namespace tacos::gateway
