#include "tacos-load/run/load_run.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <fstream>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "measure/recorder.h"
#include "tacos-load/journey/fairness_ledger.h"
#include "tacos-load/journey/queue_journey.h"
#include "tacos-load/journey/single_request_journey.h"
#include "tacos-load/run/worker.h"
#include "tacos-load/transport/asio_transport.h"
#include "tacos-load/transport/curl_transport.h"

namespace tacos::load {
namespace {

using core::Nanos;

// The schedule starts this long after all threads are ready, so that none is late for its first slot.
constexpr Nanos kHeadStart = std::chrono::milliseconds(200);
// Workers publish what they counted in a second when they next come round, up to 20 ms after its end.
constexpr Nanos kUntilCounted = std::chrono::milliseconds(50);
// Series of a run have at most this many intervals: runs beyond ten minutes get wider ones, and memory stays constant.
constexpr std::int64_t kMostIntervals = 600;
// A scheduled request is held back at most until it times out, so this many can ever wait; within these bounds.
constexpr double kSmallestBacklog = 4096;
constexpr double kLargestBacklog = 4'000'000;

double cpu_seconds(int who) {
  rusage use{};
  getrusage(who, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

std::uint64_t peak_rss_bytes() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return static_cast<std::uint64_t>(use.ru_maxrss) * 1024;  // Linux counts in KiB
}

Nanos interval_for(Nanos duration) {
  const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  return std::chrono::seconds(1 + seconds / (kMostIntervals + 1));
}

std::string with_run_id(std::string event_id, std::chrono::system_clock::time_point at) {
  const auto here = event_id.find("{run}");
  if (here == std::string::npos) return event_id;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() % 1000;
  event_id.replace(here, 5, fmt::format("{:%Y%m%dT%H%M%S}{:03d}", fmt::gmtime(seconds), millis));
  return event_id;
}

}  // namespace

// One worker and all that is its own.
struct LoadRun::Part {
  std::uint32_t connections = 0;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<Journey> journey;
  std::unique_ptr<measure::Recorder> recorder;
  std::unique_ptr<HistoryLog> history;      // when somebody asked for it
  std::unique_ptr<LiveRecord> live_record;  // when somebody judges the run while it lasts
  std::unique_ptr<Worker> worker;
  double cpu_sec = 0;
};

LoadRun::LoadRun(Scenario scenario, ResourcePlan resources, std::vector<net::Url> targets,
                 const std::atomic<bool>& stop)
    : scenario_(std::move(scenario)), resources_(std::move(resources)), targets_(std::move(targets)), stop_(stop) {
  schedule_ = std::make_unique<ArrivalSchedule>(RateProfile(scenario_.stages), scenario_.spacing, scenario_.seed);
}

LoadRun::~LoadRun() = default;

TransportOptions LoadRun::transport_options(std::uint32_t connections) const {
  TransportOptions options;
  options.host = targets_.front().host;
  options.port = targets_.front().port;
  options.tls = targets_.front().tls();
  options.host_header = targets_.front().host_header();
  for (std::size_t t = 1; t < targets_.size(); ++t) {
    options.other_targets.push_back({targets_[t].host, targets_[t].port, targets_[t].host_header()});
  }
  options.verify_peer = !scenario_.insecure;
  options.ca_file = scenario_.ca_file;
  options.connections = connections;
  options.request_timeout = scenario_.timeout;
  options.connect_timeout = scenario_.connect_timeout;
  options.source_addresses = resources_.source_addresses;
  options.proxy = scenario_.proxy;
  options.http2 = scenario_.http2;
  options.headers = scenario_.headers;
  return options;
}

std::unique_ptr<Journey> LoadRun::make_journey(std::uint32_t worker) const {
  if (const auto* single = std::get_if<SingleRequestPlan>(&scenario_.journey)) {
    return std::make_unique<SingleRequestJourney>(*single);
  }
  QueueJourneyPlan plan = std::get<QueueJourneyPlan>(scenario_.journey);
  plan.event_id = event_id_;
  UserShare share;
  share.worker = worker;
  share.workers = resources_.workers;
  share.seed = scenario_.seed;
  share.users = scenario_.users / resources_.workers + (worker < scenario_.users % resources_.workers ? 1 : 0);
  return std::make_unique<QueueJourney>(std::move(plan), share);
}

core::Result<void> LoadRun::prepare_parts() {
  if (const auto* queue = std::get_if<QueueJourneyPlan>(&scenario_.journey)) {
    event_id_ = with_run_id(queue->event_id, started_at_);
  }
  const Nanos interval = interval_for(schedule_->profile().duration());
  std::uint32_t dealt = 0;
  for (std::uint32_t w = 0; w < resources_.workers; ++w) {
    auto part = std::make_unique<Part>();
    part->connections = resources_.connections / resources_.workers + (w < resources_.connections % resources_.workers);
    TransportOptions options = transport_options(part->connections);
    options.first_target = dealt % static_cast<std::uint32_t>(targets_.size());
    dealt += part->connections;
    auto transport = resources_.engine == Engine::kCurl ? make_curl_transport(options, clock_)
                                                        : make_asio_transport(options, clock_);
    if (!transport) return transport.error();
    part->transport = std::move(*transport);
    part->journey = make_journey(w);
    const auto steps = part->journey->steps();
    measure::RecorderOptions recording;
    recording.steps.assign(steps.begin(), steps.end());
    recording.interval = interval;
    if (watch_ != nullptr) part->live_record = std::make_unique<LiveRecord>(recording.steps, interval);
    part->recorder = std::make_unique<measure::Recorder>(std::move(recording));
    parts_.push_back(std::move(part));
    live_.push_back(std::make_unique<LiveCounts>());
  }
  return {};
}

core::Result<void> LoadRun::open_histories() {
  if (scenario_.history.empty()) return {};
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(started_at_.time_since_epoch()).count();
  std::string targets = targets_text(scenario_);
  std::erase(targets, ' ');
  for (std::size_t w = 0; w < parts_.size(); ++w) {
    auto log =
        HistoryLog::create(fmt::format("{}.{}", scenario_.history, w),
                           fmt::format("start_unix_us={} seed={} event={} worker={} workers={} users={} targets={}",
                                       micros, scenario_.seed, event_id_, w, parts_.size(), scenario_.users, targets));
    if (!log) return log.error();
    parts_[w]->history = std::move(*log);
  }
  return {};
}

core::Result<void> LoadRun::connect_parts() {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::optional<core::Error> failure;
  for (auto& part : parts_) {
    threads.emplace_back([&, at = part.get()] {
      const auto connected = at->transport->connect_all();
      if (connected) return;
      const std::lock_guard lock(mutex);
      if (!failure) failure = connected.error();
    });
  }
  for (auto& thread : threads) thread.join();
  if (failure) return *failure;
  return {};
}

void LoadRun::run_parts(core::Instant start, const Progress& progress) {
  const RateProfile& profile = schedule_->profile();
  WorkerOptions options;
  options.model = scenario_.model;
  options.start = start;
  options.connection_per_user = scenario_.connection_per_user;
  options.timeout = scenario_.timeout;
  options.backlog_limit = static_cast<std::size_t>(
      std::clamp(profile.peak_per_second() * core::to_seconds(scenario_.timeout) / resources_.workers, kSmallestBacklog,
                 kLargestBacklog));
  std::mutex mutex;
  std::condition_variable all_done;
  std::size_t running = parts_.size();
  std::vector<std::thread> threads;
  for (std::uint32_t w = 0; w < parts_.size(); ++w) {
    Part& part = *parts_[w];
    options.connections = part.connections;
    options.abort = &abort_;
    options.live_record = part.live_record.get();
    options.history = part.history.get();
    part.worker =
        std::make_unique<Worker>(options, clock_, schedule_->cursor(w, resources_.workers), profile.duration(),
                                 *part.journey, *part.transport, *part.recorder, stop_, *live_[w]);
    threads.emplace_back([&] {
      const double cpu_before = cpu_seconds(RUSAGE_THREAD);
      part.transport->run(*part.worker);
      part.cpu_sec = cpu_seconds(RUSAGE_THREAD) - cpu_before;
      const std::lock_guard lock(mutex);
      --running;
      all_done.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    Nanos next = std::chrono::seconds(1);
    while (running > 0) {
      const auto wake = std::chrono::steady_clock::time_point((start + next + kUntilCounted).since_origin());
      if (all_done.wait_until(lock, wake, [&] { return running == 0; })) break;
      lock.unlock();
      progress(next + kUntilCounted, live_);
      judge_so_far();
      lock.lock();
      next += std::chrono::seconds(1);
    }
  }
  for (auto& thread : threads) thread.join();
}

// On what every worker has settled.
void LoadRun::judge_so_far() {
  if (watch_ == nullptr || abort_) return;
  measure::RunRecord so_far = parts_.front()->live_record->copy();
  for (std::size_t w = 1; w < parts_.size(); ++w) {
    measure::RunRecord other = parts_[w]->live_record->copy();
    const std::size_t both = std::min(so_far.intervals().size(), other.intervals().size());
    so_far.intervals().resize(both);
    other.intervals().resize(both);
    so_far.merge(other);
  }
  const Nanos settled = so_far.interval() * static_cast<std::int64_t>(so_far.intervals().size());
  lay_plan(so_far, settled);
  if (const auto gate = watch_->broken(so_far, settled)) {
    aborted_ = *gate;
    abort_ = true;
  }
}

RunFacts LoadRun::gather() {
  RunFacts facts;
  facts.started_at = started_at_;
  facts.duration = duration_;
  facts.self.cpu_sec = cpu_sec_;
  facts.self.peak_rss_bytes = peak_rss_bytes();
  bool first = true;
  FairnessLedger fairness;
  for (auto& part : parts_) {
    auto record = part->recorder->finish();
    if (first) {
      facts.record = std::move(record);
    } else {
      facts.record.merge(record);
    }
    first = false;
    facts.users.merge(part->journey->counts());
    if (part->history) {
      if (const auto whole = part->history->finish(); !whole) facts.history_fault = whole.error().message;
    }
    if (const FairnessLedger* ledger = part->journey->fairness()) fairness.append(*ledger);
    const TransportStats stats = part->transport->stats();
    facts.transport.opened += stats.opened;
    facts.transport.peak += stats.peak;
    facts.transport.reused += stats.reused;
    facts.transport.connect_failures += stats.connect_failures;
    facts.interrupted |= part->worker->interrupted();
    facts.backlog_high_water = std::max<std::uint64_t>(facts.backlog_high_water, part->worker->backlog_high_water());
    facts.self.busiest_worker_cpu_share =
        std::max(facts.self.busiest_worker_cpu_share, part->cpu_sec / std::max(0.001, core::to_seconds(duration_)));
  }
  facts.fairness = fairness.judge();
  facts.aborted = aborted_;
  facts.interrupted = facts.interrupted && (aborted_.empty() || stop_);
  lay_plan(facts.record, duration_);
  return facts;
}

// What the schedule has in each interval. Where users are scheduled, or chance says when requests are due, what became
// due stands in for it: to hold a target to the mean of a draw would measure the draw.
void LoadRun::lay_plan(measure::RunRecord& record, Nanos until) const {
  const RateProfile& profile = schedule_->profile();
  // What a run that was ended early did not come to is not counted against the target.
  const Nanos end = std::min(profile.duration(), until);
  record.set_schedule_end(end);
  const Nanos interval = record.interval();
  for (std::size_t i = 0; i < record.intervals().size(); ++i) {
    const Nanos from = interval * static_cast<std::int64_t>(i);
    auto& at = record.intervals()[i];
    at.planned = scenario_.model == LoadModel::kUsers || scenario_.spacing == Spacing::kPoisson
                     ? static_cast<double>(at.offered)
                     : profile.arrivals_by(std::min(from + interval, end)) - profile.arrivals_by(std::min(from, end));
  }
}

core::Result<RunFacts> LoadRun::execute(const Progress& progress) {
  started_at_ = std::chrono::system_clock::now();
  if (const auto prepared = prepare_parts(); !prepared) return prepared.error();
  if (const auto connected = connect_parts(); !connected) return connected.error();
  const double cpu_before = cpu_seconds(RUSAGE_SELF);
  const core::Instant start = clock_.now() + kHeadStart;
  started_at_ =
      std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(kHeadStart);
  if (const auto opened = open_histories(); !opened) return opened.error();
  if (observer_ != nullptr) observer_->start(start, interval_for(schedule_->profile().duration()));
  run_parts(start, progress);
  duration_ = clock_.now() - start;
  cpu_sec_ = cpu_seconds(RUSAGE_SELF) - cpu_before;
  RunFacts facts = gather();
  if (observer_ != nullptr) facts.observed = observer_->stop();
  return facts;
}

}  // namespace tacos::load
