#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "measure/histogram.h"
#include "measure/recorder.h"
#include "tacos-load/history/history_log.h"
#include "tacos-load/journey/journey.h"
#include "tacos-load/run/backlog.h"
#include "tacos-load/run/live_counts.h"
#include "tacos-load/run/live_record.h"
#include "tacos-load/scenario/scenario.h"
#include "tacos-load/schedule/arrival_schedule.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

struct WorkerOptions {
  LoadModel model = LoadModel::kRequests;
  core::Instant start;  // offset 0 of the schedule
  std::uint32_t connections = 1;
  bool connection_per_user = false;
  core::Nanos timeout = std::chrono::seconds(10);
  std::size_t backlog_limit = 1u << 20;
  // Slots that come due within this of each other are sent in one turn of the loop. Costs half of it in mean send lag,
  // and saves a wake-up for each slot it gathers.
  core::Nanos coalesce = std::chrono::microseconds(75);
  // Set to end the run early, as an interruption does: what waits is given up, what is in flight may still end. May be
  // null.
  const std::atomic<bool>* abort = nullptr;
  LiveRecord* live_record = nullptr;  // where settled intervals go once a second; null when nobody judges meanwhile
  HistoryLog* history = nullptr;      // where each request that was sent is written down; null when nobody asks for it
  core::Nanos interrupted_drain = std::chrono::seconds(2);  // how long an interrupted run waits for what is in flight
};

// The run loop of one thread: takes what is due from the schedule, finds who sends it and a connection that carries it,
// and writes down what became of it. Pacing is the schedule's business, deciding what to send the journey's, sending
// the transport's; this is the only place where they meet.
//
// Every scheduled request ends in exactly one recorded outcome, whatever happens. It owns nothing it is given and
// shares nothing with other workers but the two atomics' structs.
class Worker final : public TransportEvents {
 public:
  Worker(const WorkerOptions& options, const core::Clock& clock, ArrivalSchedule::Cursor cursor,
         core::Nanos schedule_end, Journey& journey, Transport& transport, measure::Recorder& recorder,
         const std::atomic<bool>& stop, LiveCounts& live);

  core::Instant on_time(core::Instant now) override;
  void on_response(ConnectionId connection, const Response& response) override;
  bool finished() const override;

  // Stopped before the end of the schedule, by either of the two.
  bool interrupted() const { return interrupted_at_ != core::Nanos::max(); }
  std::size_t backlog_high_water() const { return backlog_.high_water(); }

 private:
  struct InFlight {
    UserId user = kNoUser;
    measure::StepId step = 0;
    core::Nanos intended{0};
    core::Nanos taken{0};
  };

  core::Nanos offset(core::Instant at) const { return at - options_.start; }
  void take_due(core::Nanos now);
  void take_request(core::Nanos intended, core::Nanos now);
  void take_user(UserId user, core::Nanos intended, core::Nanos now);
  void dispatch(const Backlog::Entry& entry, UserId user, ConnectionId connection, core::Nanos now);
  void hold_back(const Backlog::Entry& entry, core::Nanos now);
  void serve_backlog(core::Nanos now);
  void expire_backlog(core::Nanos now);
  void interrupt(core::Nanos now);
  void end_in_flight(core::Nanos now);
  void give_up(const Backlog::Entry& entry, measure::Outcome outcome, core::Nanos now);
  void each_second(core::Nanos now);

  bool has_connection(UserId user) const;
  ConnectionId take_connection(UserId user);
  void free_connection(ConnectionId connection, UserId user);
  core::Nanos next_due() const;

  WorkerOptions options_;
  const core::Clock& clock_;
  ArrivalSchedule::Cursor cursor_;
  core::Nanos schedule_end_;
  Journey& journey_;
  Transport& transport_;
  measure::Recorder& recorder_;
  const std::atomic<bool>& stop_;
  LiveCounts& live_;

  std::vector<InFlight> in_flight_;  // by connection
  std::vector<ConnectionId> idle_;   // a ring: the connection that rested longest is used next, as all are kept warm
  std::size_t idle_head_ = 0;
  std::size_t idle_count_ = 0;
  std::size_t busy_count_ = 0;
  Backlog backlog_;
  core::Nanos next_second_{std::chrono::seconds(1)};
  core::Nanos interrupted_at_ = core::Nanos::max();
  std::size_t posted_ = 0;              // intervals that are in live_record
  measure::Histogram second_response_;  // of the second that runs now, for the progress display only
  measure::Histogram second_lag_;
};

}  // namespace tacos::load
