#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "measure/run_record.h"
#include "measure/run_report.h"
#include "net/url.h"
#include "tacos-load/journey/journey.h"
#include "tacos-load/observe/observer.h"
#include "tacos-load/run/abort_watch.h"
#include "tacos-load/run/live_counts.h"
#include "tacos-load/run/preflight.h"
#include "tacos-load/scenario/scenario.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// What the generator used of the machine, from getrusage and /proc over the time the load ran.
struct SelfUse {
  double cpu_sec = 0;
  std::uint64_t peak_rss_bytes = 0;
  double busiest_worker_cpu_share = 0;  // CPU time of the busiest worker / run time
};

// Everything a run left behind, before it is judged or written.
struct RunFacts {
  measure::RunRecord record;
  JourneyCounts users;
  measure::RunReport::Fairness fairness;
  TransportStats transport;
  SelfUse self;
  std::chrono::system_clock::time_point started_at;
  core::Nanos duration{0};  // from the first slot to the last outcome
  std::uint64_t backlog_high_water = 0;
  bool interrupted = false;
  std::string history_fault;                // why --history is not whole; empty when it is, or nobody asked
  std::string aborted;                      // the broken gate that ended the run; empty when none did
  std::vector<ObservedComponent> observed;  // parts of the system that were watched
};

// One run: a worker thread per share of the schedule, each with its own transport, journey and recorder; nothing is
// shared while they run, and their records merge after the join.
class LoadRun {
 public:
  // Called once a second, a moment after its end, from the thread that called execute(), with the offset since the
  // start.
  using Progress = std::function<void(core::Nanos, const std::vector<std::unique_ptr<LiveCounts>>&)>;

  // stop may be set from a signal handler: the run then drains for a moment and returns what it has, marked
  // interrupted.
  // targets: at least one, all with the same scheme.
  LoadRun(Scenario scenario, ResourcePlan resources, std::vector<net::Url> targets, const std::atomic<bool>& stop);
  ~LoadRun();

  // Opens the connections, runs the schedule to its end and returns the facts. Fails when the target can't be reached.
  core::Result<RunFacts> execute(const Progress& progress);

  // Ends the run early when the watch finds a broken gate. Before execute(); the watch must live until it returns.
  void watch(const AbortWatch& watch) { watch_ = &watch; }

  // Watches parts of the system while the run lasts. Before execute(); the observer must live until it returns.
  void observe(Observer& observer) { observer_ = &observer; }

  const Scenario& scenario() const { return scenario_; }

 private:
  struct Part;

  core::Result<void> prepare_parts();
  core::Result<void> open_histories();
  core::Result<void> connect_parts();
  void run_parts(core::Instant start, const Progress& progress);
  void judge_so_far();
  RunFacts gather();
  void lay_plan(measure::RunRecord& record, core::Nanos until) const;

  std::unique_ptr<Journey> make_journey(std::uint32_t worker) const;
  TransportOptions transport_options(std::uint32_t connections) const;

  Scenario scenario_;
  ResourcePlan resources_;
  std::vector<net::Url> targets_;
  std::string event_id_;
  const std::atomic<bool>& stop_;
  core::SteadyClock clock_;
  std::unique_ptr<ArrivalSchedule> schedule_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<std::unique_ptr<LiveCounts>> live_;
  std::chrono::system_clock::time_point started_at_;
  core::Nanos duration_{0};
  double cpu_sec_ = 0;
  const AbortWatch* watch_ = nullptr;
  Observer* observer_ = nullptr;
  std::atomic<bool> abort_{false};
  std::string aborted_;
};

}  // namespace tacos::load
