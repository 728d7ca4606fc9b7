#include "tacos-load/observe/observer.h"

#include <algorithm>
#include <functional>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <fmt/format.h>

#include "tacos-load/observe/proc_figures.h"
#include "tacos-load/observe/redis_source.h"

namespace tacos::load {
namespace {

using core::Nanos;
using measure::Flow;

// For the first answer, which includes connecting.
constexpr Nanos kFirstPatience = std::chrono::seconds(3);
// For the answers to the last question, after the load has ended.
constexpr Nanos kLastPatience = std::chrono::milliseconds(500);
constexpr Nanos kHttpPatience = std::chrono::milliseconds(1500);
constexpr std::size_t kMostComponents = 64;

// What a function tells at once: /proc.
class InstantSource final : public Source {
 public:
  explicit InstantSource(std::function<core::Result<Figures>()> tell) : tell_(std::move(tell)) {}
  void read(Done done) override { done(tell_()); }

 private:
  const std::function<core::Result<Figures>()> tell_;
};

// Finer than the ticks of /proc for one's own.
core::Result<Figures> read_self() {
  auto figures = read_process(::getpid());
  if (!figures) return figures;
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  figures->count(Flow::kCpu, seconds(use.ru_utime) + seconds(use.ru_stime));
  return figures;
}

}  // namespace

struct Observer::Watched {
  ObservedComponent seen;
  std::unique_ptr<Source> source;
  bool asked = false;
};

Observer::Observer(const core::Clock& clock) : clock_(clock) {}

Observer::~Observer() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  watched_.clear();
  // What the sources' connections still had to say goes to nobody.
  loop_.restart();
  loop_.poll();
}

Observer::Watched& Observer::watch(std::string name, std::string source, std::string kind,
                                   std::unique_ptr<Source> from) {
  auto watched = std::make_unique<Watched>();
  watched->seen.name = std::move(name);
  watched->seen.source = std::move(source);
  watched->seen.kind = std::move(kind);
  watched->source = std::move(from);
  watched_.push_back(std::move(watched));
  return *watched_.back();
}

core::Result<void> Observer::add_redis(const Observation& observation, const redis::RedisUrl& url) {
  std::vector<redis::RedisUrl> servers{url};
  std::vector<std::string> names{observation.name};
  if (url.cluster) {
    const auto primaries = find_primaries(loop_, url, clock_, kFirstPatience);
    if (!primaries) return primaries.error();
    servers.clear();
    names.clear();
    for (const auto& primary : *primaries) {
      redis::RedisUrl server = url;
      server.cluster = false;
      server.addresses = {primary};
      servers.push_back(std::move(server));
      names.push_back(fmt::format("{}[{}]", observation.name, primary.to_string()));
    }
  }
  for (std::size_t s = 0; s < servers.size(); ++s) {
    if (watched_.size() >= kMostComponents) {
      return core::fail(fmt::format("with its {} primaries there is more to watch than {} servers and processes",
                                    servers.size(), kMostComponents));
    }
    auto source = RedisSource::open(loop_, servers[s], clock_);
    if (!source) return source.error();
    Watched& watched = watch(names[s], servers[s].to_string(), "redis", std::move(*source));
    watched.seen.limit_cores = observation.limit_cores > 0 ? observation.limit_cores : 1;
  }
  return {};
}

core::Result<void> Observer::add(const Observation& observation, const ObserverOptions& options) {
  if (const auto* process = std::get_if<ProcessId>(&observation.source)) {
    Watched& watched = watch(observation.name, observation.source_text(), "process",
                             std::make_unique<InstantSource>([pid = process->pid] { return read_process(pid); }));
    watched.seen.limit_cores = observation.limit_cores > 0 ? observation.limit_cores : allowed_cores(process->pid);
    return {};
  }
  if (const auto* url = std::get_if<net::Url>(&observation.source)) {
    auto source = HttpSource::open(loop_, *url, options.trust, kHttpPatience);
    if (!source) return source.error();
    Watched& watched = watch(observation.name, observation.source_text(), "prometheus", std::move(*source));
    // Of another machine nobody knows how many cores it has.
    watched.seen.limit_cores = observation.limit_cores > 0   ? observation.limit_cores
                               : net::is_loopback(url->host) ? machine_cores()
                                                             : 0;
    return {};
  }
  return add_redis(observation, std::get<redis::RedisUrl>(observation.source));
}

void Observer::add_own(const ObserverOptions& options) {
  Watched& self = watch("generator", "itself", "generator", std::make_unique<InstantSource>(read_self));
  const double own = allowed_cores(0);
  self.seen.limit_cores = own > 0 ? std::min<double>(own, options.workers) : options.workers;
  if (!read_machine_use()) return;
  Watched& machine = watch("machine", "/proc/stat", "machine", std::make_unique<InstantSource>(read_machine_use));
  machine.seen.limit_cores = machine_cores();
}

core::Result<std::unique_ptr<Observer>> Observer::open(const std::vector<Observation>& observations,
                                                       const ObserverOptions& options, const core::Clock& clock) {
  std::unique_ptr<Observer> observer(new Observer(clock));
  for (const auto& observation : observations) {
    if (const auto added = observer->add(observation, options); !added) {
      return core::fail(
          fmt::format("--observe {}={}: {}", observation.name, observation.source_text(), added.error().message));
    }
  }
  observer->add_own(options);
  if (const auto asked = observer->ask_first(); !asked) return asked.error();
  return observer;
}

core::Result<void> Observer::ask_first() {
  ask_all();
  const core::Instant end = clock_.now() + kFirstPatience;
  while (!all_answered() && clock_.now() < end) {
    run_until(std::min(end, clock_.now() + Nanos(std::chrono::milliseconds(20))));
  }
  for (const auto& watched : watched_) {
    const auto& seen = watched->seen;
    if (seen.samples.empty()) {
      std::string why = seen.last_fault.empty() ? watched->source->fault() : seen.last_fault;
      if (why.empty()) {
        why = fmt::format("it did not answer within {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(kFirstPatience).count());
      }
      return core::fail(fmt::format(
          "--observe {}={}: {}. It must answer before the load is sent: is it running, and is the address right?",
          seen.name, seen.source, why));
    }
    if (seen.samples.front().figures.says_nothing()) {
      return core::fail(
          fmt::format("--observe {}={}: it answers, but tells nothing that is known here (CPU, memory, commands): is "
                      "it what it is taken for?",
                      seen.name, seen.source));
    }
  }
  return {};
}

void Observer::ask_all() {
  for (auto& at : watched_) {
    Watched& watched = *at;
    if (watched.asked) {
      // The last question comes at any time, perhaps right behind the one before.
      if (stop_) continue;
      ++watched.seen.missed;
      watched.seen.last_fault = "it took longer than a sample's time to answer";
      continue;
    }
    watched.asked = true;
    watched.source->read([this, &watched](core::Result<Figures> figures) {
      watched.asked = false;
      if (!figures) {
        ++watched.seen.missed;
        watched.seen.last_fault = figures.error().message;
        return;
      }
      ObservedComponent::Sample sample{clock_.now() - start_, std::move(*figures)};
      watched.seen.samples.push_back(std::move(sample));
    });
  }
}

bool Observer::all_answered() const {
  return std::none_of(watched_.begin(), watched_.end(), [](const auto& watched) { return watched->asked; });
}

void Observer::run_until(core::Instant end) {
  loop_.restart();
  const auto work = boost::asio::make_work_guard(loop_);
  loop_.run_until(std::chrono::steady_clock::time_point(end.since_origin()));
}

void Observer::start(core::Instant start, Nanos period) {
  for (auto& watched : watched_) {
    // Until now they stood on the clock's own time.
    for (auto& sample : watched->seen.samples) sample.at -= start.since_origin();
    watched->seen.missed = 0;
    watched->seen.last_fault.clear();
  }
  start_ = start;
  period_ = period;
  thread_ = std::thread([this] { run(); });
}

void Observer::run() {
  core::Instant next = start_;
  while (!stop_) {
    // In slices, so that stop() is not kept waiting.
    const core::Instant slice = std::min(next, clock_.now() + Nanos(std::chrono::milliseconds(100)));
    run_until(slice);
    if (clock_.now() < next) continue;
    ask_all();
    // A machine that stood still for some periods is asked once.
    while (next <= clock_.now()) next = next + period_;
  }
  ask_all();
  const core::Instant end = clock_.now() + kLastPatience;
  while (!all_answered() && clock_.now() < end) {
    run_until(std::min(end, clock_.now() + Nanos(std::chrono::milliseconds(10))));
  }
}

std::vector<ObservedComponent> Observer::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  std::vector<ObservedComponent> seen;
  for (auto& watched : watched_) seen.push_back(std::move(watched->seen));
  return seen;
}

core::Result<void> check_processes(const std::vector<Observation>& observations) {
  for (const auto& observation : observations) {
    const auto* process = std::get_if<ProcessId>(&observation.source);
    if (process == nullptr) continue;
    if (const auto figures = read_process(process->pid); !figures) {
      return core::fail(
          fmt::format("--observe {}={}: {}; name one that does (pgrep finds it), or observe it over "
                      "http:// or redis://",
                      observation.name, observation.source_text(), figures.error().message));
    }
  }
  return {};
}

}  // namespace tacos::load
