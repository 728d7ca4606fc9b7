#include "tacos-load/run/worker.h"

#include <algorithm>
#include <ctime>

namespace tacos::load {
namespace {

using core::Instant;
using core::Nanos;
using measure::Outcome;
using measure::Sample;

constexpr Nanos kSecond = std::chrono::seconds(1);
// The loop comes round at least this often, to notice a stop, an expired backlog and the turn of a second.
constexpr Nanos kLongestSleep = std::chrono::milliseconds(20);
// After the thread was kept from running, thousands of slots are due at once. Sent in one turn, the first answers would
// lie unread until the last request is out, and the generator's lateness would be booked as the target's: measured
// after a freeze of 2 s at 1,000/s, 42 ms at p99 with curl and 10 ms with asio; none with 16 a turn.
constexpr int kMostPerTurn = 16;

std::uint64_t thread_cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace

Worker::Worker(const WorkerOptions& options, const core::Clock& clock, ArrivalSchedule::Cursor cursor,
               Nanos schedule_end, Journey& journey, Transport& transport, measure::Recorder& recorder,
               const std::atomic<bool>& stop, LiveCounts& live)
    : options_(options),
      clock_(clock),
      cursor_(cursor),
      schedule_end_(schedule_end),
      journey_(journey),
      transport_(transport),
      recorder_(recorder),
      stop_(stop),
      live_(live),
      in_flight_(options.connections),
      backlog_(options.backlog_limit) {
  if (!options_.connection_per_user) {
    idle_.resize(options_.connections);
    for (ConnectionId id = 0; id < options_.connections; ++id) idle_[id] = id;
    idle_count_ = options_.connections;
  }
}

bool Worker::has_connection(UserId user) const {
  if (!options_.connection_per_user) return idle_count_ > 0;
  return user == kNoUser || in_flight_[user].user == kNoUser;
}

ConnectionId Worker::take_connection(UserId user) {
  ++busy_count_;
  if (options_.connection_per_user) return user;
  const ConnectionId connection = idle_[idle_head_];
  idle_head_ = (idle_head_ + 1) % idle_.size();
  --idle_count_;
  return connection;
}

void Worker::free_connection(ConnectionId connection, UserId) {
  --busy_count_;
  in_flight_[connection].user = kNoUser;
  if (options_.connection_per_user) return;
  idle_[(idle_head_ + idle_count_) % idle_.size()] = connection;
  ++idle_count_;
}

Instant Worker::on_time(Instant at) {
  const Nanos now = offset(at);
  const bool aborted = options_.abort != nullptr && options_.abort->load(std::memory_order_relaxed);
  if ((aborted || stop_.load(std::memory_order_relaxed)) && !interrupted()) interrupt(now);
  if (interrupted()) {
    if (now >= interrupted_at_ + options_.interrupted_drain) end_in_flight(now);
    return at + kLongestSleep;
  }
  take_due(now);
  recorder_.users(std::clamp(now, Nanos(0), schedule_end_ - Nanos(1)), journey_.counts().states);
  expire_backlog(now);
  serve_backlog(now);
  each_second(now);
  const Nanos next = std::max(next_due(), now + options_.coalesce);
  return options_.start + std::min(next, now + kLongestSleep);
}

Nanos Worker::next_due() const {
  Nanos next = cursor_.peek().value_or(Nanos::max());
  if (options_.model == LoadModel::kUsers) next = std::min(next, journey_.next_follow_up());
  return next;
}

void Worker::take_due(Nanos now) {
  for (int taken = 0; taken < kMostPerTurn; ++taken) {
    const Nanos arrival = cursor_.peek().value_or(Nanos::max());
    if (options_.model == LoadModel::kRequests) {
      if (arrival > now) return;
      cursor_.pop();
      take_request(arrival, now);
      continue;
    }
    const Nanos follow_up = journey_.next_follow_up();
    if (follow_up <= now && follow_up <= arrival && follow_up < schedule_end_) {
      take_user(journey_.take_follow_up(), follow_up, now);
    } else if (arrival <= now) {
      cursor_.pop();
      take_user(journey_.arrive(), arrival, now);
    } else {
      return;
    }
  }
}

void Worker::take_request(Nanos intended, Nanos now) {
  recorder_.scheduled(intended);
  LiveCounts::add(live_.scheduled, 1);
  const Backlog::Entry entry{intended, now, kNoUser};
  if (now - intended >= options_.timeout) {
    give_up(entry, Outcome::kTimeout, now);
    return;
  }
  // Whoever waits already goes first.
  if (!backlog_.empty() || !has_connection(kNoUser)) {
    hold_back(entry, now);
    return;
  }
  const UserId user = journey_.take(now);
  if (user != kNoUser) {
    dispatch(entry, user, take_connection(user), now);
  } else if (journey_.can_supply()) {
    hold_back(entry, now);
  } else {
    give_up(entry, Outcome::kUnfilled, now);
  }
}

void Worker::take_user(UserId user, Nanos intended, Nanos now) {
  recorder_.scheduled(intended);
  LiveCounts::add(live_.scheduled, 1);
  const Backlog::Entry entry{intended, now, user};
  if (user == kNoUser) {
    give_up(entry, Outcome::kUnfilled, now);
  } else if (!backlog_.empty() || !has_connection(user)) {
    hold_back(entry, now);
  } else {
    dispatch(entry, user, take_connection(user), now);
  }
}

void Worker::dispatch(const Backlog::Entry& entry, UserId user, ConnectionId connection, Nanos) {
  Request request;
  const measure::StepId step = journey_.prepare(user, entry.intended, request);
  in_flight_[connection] = {user, step, entry.intended, entry.taken};
  LiveCounts::add(live_.sent, 1);
  transport_.send(connection, request, options_.start + entry.intended + options_.timeout);
}

void Worker::hold_back(const Backlog::Entry& entry, Nanos now) {
  if (!backlog_.push(entry)) give_up(entry, Outcome::kShed, now);
}

void Worker::serve_backlog(Nanos now) {
  while (!backlog_.empty() && has_connection(backlog_.front().user)) {
    UserId user = backlog_.front().user;
    if (user == kNoUser) user = journey_.take(now);
    if (user == kNoUser) {
      if (journey_.can_supply()) return;
      give_up(backlog_.pop(), Outcome::kUnfilled, now);
      continue;
    }
    const Backlog::Entry entry = backlog_.pop();
    dispatch(entry, user, take_connection(user), now);
  }
}

void Worker::expire_backlog(Nanos now) {
  while (!backlog_.empty() && now - backlog_.front().intended >= options_.timeout) {
    give_up(backlog_.pop(), Outcome::kTimeout, now);
  }
}

// Records a request that was never sent, or that is given up with the run.
void Worker::give_up(const Backlog::Entry& entry, Outcome outcome, Nanos now) {
  Sample sample;
  sample.outcome = outcome;
  sample.intended = entry.intended;
  sample.taken = entry.taken;
  sample.sent = sample.first_byte = sample.done = now;
  recorder_.record(sample);
  if (outcome != Outcome::kInterrupted && entry.user != kNoUser) journey_.on_unsent(entry.user, entry.intended, now);
  LiveCounts::add(live_.outcomes[static_cast<std::size_t>(outcome)], 1);
}

void Worker::interrupt(Nanos now) {
  interrupted_at_ = now;
  while (!backlog_.empty()) give_up(backlog_.pop(), Outcome::kInterrupted, now);
}

void Worker::end_in_flight(Nanos now) {
  for (ConnectionId id = 0; id < in_flight_.size(); ++id) {
    const InFlight flight = in_flight_[id];
    if (flight.user == kNoUser) continue;
    if (options_.history != nullptr) {
      HistoryLine line;
      line.intended = flight.intended;
      line.sent = flight.taken;
      line.done = now;
      line.outcome = Outcome::kInterrupted;
      journey_.describe_request(flight.user, flight.step, line);
      options_.history->append(line);
    }
    give_up({flight.intended, flight.taken, flight.user}, Outcome::kInterrupted, now);
    free_connection(id, flight.user);
  }
}

void Worker::on_response(ConnectionId connection, const Response& response) {
  const InFlight flight = in_flight_[connection];
  free_connection(connection, flight.user);
  Sample sample;
  sample.step = flight.step;
  sample.status = static_cast<std::uint16_t>(response.status);
  sample.intended = flight.intended;
  sample.taken = flight.taken;
  sample.sent = offset(response.sent);
  sample.first_byte = offset(response.first_byte);
  sample.done = offset(response.done);
  HistoryLine line;
  if (options_.history != nullptr) journey_.describe_request(flight.user, flight.step, line);
  sample.outcome = journey_.on_answer(flight.user, flight.step, flight.intended, sample.done, response);
  if (options_.history != nullptr) {
    line.intended = sample.intended;
    line.sent = sample.sent;
    line.done = sample.done;
    line.outcome = sample.outcome;
    line.status = response.status;
    line.target = response.target;
    journey_.describe_answer(line);
    options_.history->append(line);
  }
  const Told told = journey_.told();
  sample.position = told.position;
  sample.time_to_admission = told.time_to_admission;
  sample.time_to_sold_out = told.time_to_sold_out;
  recorder_.record(sample);

  LiveCounts::add(live_.answered, 1);
  LiveCounts::add(live_.outcomes[static_cast<std::size_t>(sample.outcome)], 1);
  second_response_.record(sample.done - sample.intended);
  second_lag_.record(sample.taken - sample.intended);
  if (!interrupted()) serve_backlog(sample.done);
}

void Worker::each_second(Nanos now) {
  while (now >= next_second_) {
    next_second_ += kSecond;
    if (second_response_.count() > 0) {
      live_.response_p50_ns.store(static_cast<std::uint64_t>(second_response_.percentile(50).count()),
                                  std::memory_order_relaxed);
      live_.response_p99_ns.store(static_cast<std::uint64_t>(second_response_.percentile(99).count()),
                                  std::memory_order_relaxed);
      live_.dispatch_lag_p99_ns.store(static_cast<std::uint64_t>(second_lag_.percentile(99).count()),
                                      std::memory_order_relaxed);
      second_response_.reset();
      second_lag_.reset();
    }
    const auto& states = journey_.counts().states;
    for (std::size_t s = 0; s < states.size(); ++s) live_.users[s].store(states[s], std::memory_order_relaxed);
    live_.cpu_ns.store(thread_cpu_ns(), std::memory_order_relaxed);
    live_.backlog.store(backlog_.size(), std::memory_order_relaxed);
    // Where users are scheduled, a step can become due up to one time-out in the past, so intervals stay open that
    // long.
    const Nanos held = options_.model == LoadModel::kUsers ? options_.timeout + kSecond : Nanos(0);
    recorder_.close_intervals(now - held);
    if (options_.live_record != nullptr && recorder_.settled() > posted_) {
      options_.live_record->post(recorder_.settled_from(posted_));
      posted_ = recorder_.settled();
    }
  }
}

bool Worker::finished() const {
  if (busy_count_ > 0) return false;
  if (interrupted()) return true;
  if (cursor_.peek() || !backlog_.empty()) return false;
  return offset(clock_.now()) >= schedule_end_;
}

}  // namespace tacos::load
