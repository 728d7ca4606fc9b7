#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-load/observe/http_source.h"
#include "tacos-load/observe/observation.h"
#include "tacos-load/observe/observed_component.h"
#include "tacos-load/observe/source.h"

namespace tacos::load {

struct ObserverOptions {
  HttpSourceTrust trust;
  std::uint32_t workers = 1;  // threads of the generator that send
};

// Watches parts of the system, the generator itself and this machine on a thread of its own: asks each once a period,
// on the run's seconds, and writes down what it said when it said it. A part that has not answered by the next time is
// not asked again until it has, and that sample counts as missed. Everything is bounded: parts, samples, patience.
//
// open(), start() and stop() on one thread.
class Observer {
 public:
  // Asks every part once. Fails with the first that can't be read, and why. clock must run with steady time.
  static core::Result<std::unique_ptr<Observer>> open(const std::vector<Observation>& observations,
                                                      const ObserverOptions& options, const core::Clock& clock);
  ~Observer();

  // From start on, each period. The answers to open() are the first samples.
  void start(core::Instant start, core::Nanos period);
  // Asks a last time, waits for the answers for a moment, and hands out what was seen.
  std::vector<ObservedComponent> stop();

 private:
  struct Watched;

  explicit Observer(const core::Clock& clock);
  core::Result<void> add(const Observation& observation, const ObserverOptions& options);
  core::Result<void> add_redis(const Observation& observation, const redis::RedisUrl& url);
  void add_own(const ObserverOptions& options);
  Watched& watch(std::string name, std::string source, std::string kind, std::unique_ptr<Source> from);
  core::Result<void> ask_first();
  void ask_all();
  bool all_answered() const;
  void run_until(core::Instant end);
  void run();

  const core::Clock& clock_;
  boost::asio::io_context loop_{1};
  std::vector<std::unique_ptr<Watched>> watched_;
  core::Instant start_;
  core::Nanos period_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

// Whether the processes that are to be watched are there.
core::Result<void> check_processes(const std::vector<Observation>& observations);

}  // namespace tacos::load
