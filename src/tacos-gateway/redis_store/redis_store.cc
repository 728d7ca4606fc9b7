#include "tacos-gateway/redis_store/redis_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tacos-gateway/redis_store/line_keeper.h"
#include "tacos-gateway/redis_store/redis_session.h"

namespace tacos::gateway {

const char* name_of(PositionStrategy strategy) {
  switch (strategy) {
    case PositionStrategy::kIndex:
      return "index";
    case PositionStrategy::kKeys:
      return "keys";
    case PositionStrategy::kWatermark:
      break;
  }
  return "watermark";
}

namespace {

// By the clock that the scripts go by. Where that is the Redis's, this machine's calendar stands for it.
std::int64_t opening_from_now(const RedisStoreOptions& options, const core::Clock& clock) {
  if (options.line.opening_delay == core::Nanos(0)) return 0;
  const core::Nanos now =
      options.server_time ? std::chrono::system_clock::now().time_since_epoch() : clock.now().since_origin();
  return (now + options.line.opening_delay) / std::chrono::microseconds(1);
}

}  // namespace

RedisStoreParts::RedisStoreParts(redis::RedisUrl store_url, RedisStoreOptions store_options,
                                 const core::Clock& store_clock)
    : url(std::move(store_url)),
      options(std::move(store_options)),
      clock(store_clock),
      default_opening_us_(opening_from_now(options, clock)) {}

core::Result<std::unique_ptr<redis::RedisLink>> RedisStoreParts::open_link(
    boost::asio::any_io_executor executor) const {
  return open_link(std::move(executor), scripts);
}

core::Result<std::unique_ptr<redis::RedisLink>> RedisStoreParts::open_link(
    boost::asio::any_io_executor executor, std::shared_ptr<const redis::ScriptBook> book) const {
  redis::RedisLinkOptions link;
  link.command_timeout = options.command_timeout;
  link.scripts = std::move(book);
  link.wait_replicas = options.wait_replicas;
  link.wait_timeout = options.wait_timeout;
  return redis::open_redis_link(std::move(executor), url, link, link_clock);
}

EventMirror* RedisStoreParts::find(std::uint64_t event) const {
  const std::shared_lock lock(events_mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? nullptr : found->second.get();
}

EventMirror& RedisStoreParts::find_or_make(std::uint64_t event) {
  if (EventMirror* const known = find(event)) return *known;
  const std::unique_lock lock(events_mutex_);
  auto& place = events_[event];
  if (!place) place = std::make_unique<EventMirror>();
  return *place;
}

std::vector<std::uint64_t> RedisStoreParts::events() const {
  const std::shared_lock lock(events_mutex_);
  std::vector<std::uint64_t> keys;
  keys.reserve(events_.size());
  for (const auto& [key, mirror] : events_) {
    if (!mirror->asleep()) keys.push_back(key);
  }
  return keys;
}

void RedisStoreParts::enlist(const redis::RedisLink& link) {
  const std::lock_guard lock(links_mutex_);
  links_.push_back(&link);
}

void RedisStoreParts::strike_off(const redis::RedisLink& link) {
  const std::lock_guard lock(links_mutex_);
  std::erase(links_, &link);
}

struct RedisStoreParts::Totals {
  double sent = 0, errors = 0, timeouts = 0, not_sent = 0, unknown = 0, overflows = 0;
  double connects = 0, connects_failed = 0, disconnects = 0, scripts_loaded = 0, pending = 0;
  double bytes_sent = 0, bytes_received = 0;
  double waits = 0, waits_short = 0, no_replicas = 0, replica_reads = 0;
};

void RedisStoreParts::add(Totals& totals, const redis::RedisCounters& counters) {
  const auto add_one = [](double& to, const net::Counter& counter) { to += static_cast<double>(counter.value()); };
  add_one(totals.sent, counters.commands_sent);
  add_one(totals.errors, counters.error_replies);
  add_one(totals.timeouts, counters.timeouts);
  add_one(totals.not_sent, counters.not_sent);
  add_one(totals.unknown, counters.unknown_outcomes);
  add_one(totals.overflows, counters.overflows);
  add_one(totals.connects, counters.connects);
  add_one(totals.connects_failed, counters.connects_failed);
  add_one(totals.disconnects, counters.disconnects);
  add_one(totals.scripts_loaded, counters.scripts_loaded);
  add_one(totals.pending, counters.pending);
  add_one(totals.bytes_sent, counters.bytes_sent);
  add_one(totals.bytes_received, counters.bytes_received);
  add_one(totals.waits, counters.waits);
  add_one(totals.waits_short, counters.waits_short);
  add_one(totals.no_replicas, counters.no_replicas);
  add_one(totals.replica_reads, counters.replica_reads);
}

std::vector<StoreMetric> RedisStoreParts::metrics() const {
  Totals totals;
  {
    const std::lock_guard lock(links_mutex_);
    for (const redis::RedisLink* link : links_) add(totals, link->counters());
  }
  double oldest_sec = 0;
  for (const std::uint64_t event : events()) {
    const core::Nanos age = clock.now() - find(event)->refreshed_at();
    oldest_sec = std::max(oldest_sec, core::to_seconds(age));
  }
  const auto of = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed));
  };
  return {
      {"store_commands_total", "Commands sent to the Redis.", true, totals.sent},
      {"store_error_replies_total", "Errors that the Redis replied.", true, totals.errors},
      {"store_timeouts_total", "Commands that were not answered in time.", true, totals.timeouts},
      {"store_not_sent_total", "Commands given up before they were sent.", true, totals.not_sent},
      {"store_unknown_outcomes_total", "Commands sent whose answer never came.", true, totals.unknown},
      {"store_overflows_total", "Commands refused because too many were in flight.", true, totals.overflows},
      {"store_connects_total", "Connections made to the Redis.", true, totals.connects},
      {"store_connects_failed_total", "Attempts to connect that failed.", true, totals.connects_failed},
      {"store_disconnects_total", "Connections to the Redis that were lost.", true, totals.disconnects},
      {"store_scripts_loaded_total", "Scripts loaded again because the Redis had forgotten them.", true,
       totals.scripts_loaded},
      {"store_commands_in_flight", "Commands that wait for their answer.", false, totals.pending},
      {"store_sent_bytes_total", "Bytes written to the Redis.", true, totals.bytes_sent},
      {"store_received_bytes_total", "Bytes read from the Redis.", true, totals.bytes_received},
      {"store_waits_total", "WAITs sent to the Redis, each for what was written together.", true, totals.waits},
      {"store_waits_short_total", "Of these, those that too few replicas answered in time.", true, totals.waits_short},
      {"store_noreplicas_total", "Commands the Redis refused for want of good replicas.", true, totals.no_replicas},
      {"store_mirror_answers_total", "Status questions answered without asking the Redis.", true, of(mirror_answers)},
      {"store_stale_answers_total", "Status answers marked stale: from facts older than 2 s, or by a replica.", true,
       of(stale_answers)},
      {"store_replica_reads_total", "Status questions asked of a replica because its primary was away.", true,
       totals.replica_reads},
      {"store_unavailable_total", "Commands answered that the store can't be reached.", true, of(refusals)},
      {"queue_events_forgotten_total",
       "Events that this gateway has forgotten: they were over, were withdrawn, or made room.", true,
       of(events_forgotten)},
      {"queue_events_evicted_total", "Of these, undeclared events that made room for others.", true,
       of(events_evicted)},
      {"queue_events_refused_full_total", "Joins refused because no other undeclared event may come into being.", true,
       of(refused_full)},
      {"queue_events_refused_undeclared_total", "Joins refused because their event is not declared.", true,
       of(refused_undeclared)},
      {"store_facts_age_seconds", "How long ago the facts of the event longest not refreshed were.", false, oldest_sec},
  };
}

core::Result<std::unique_ptr<RedisStore>> RedisStore::open(const redis::RedisUrl& url, RedisStoreOptions options,
                                                           const core::Clock& clock) {
  auto parts = std::make_unique<RedisStoreParts>(url, std::move(options), clock);
  auto keeper = LineKeeper::start(*parts);
  if (keeper.has_error()) return keeper.error();
  return std::unique_ptr<RedisStore>(new RedisStore(std::move(parts), std::move(*keeper)));
}

RedisStore::RedisStore(std::unique_ptr<RedisStoreParts> parts, std::unique_ptr<LineKeeper> keeper)
    : parts_(std::move(parts)), keeper_(std::move(keeper)) {}

RedisStore::~RedisStore() = default;

std::unique_ptr<StoreSession> RedisStore::open_session(boost::asio::any_io_executor executor) {
  return std::make_unique<RedisSession>(*parts_, std::move(executor));
}

void RedisStore::tick() {
  keeper_->tick({});
}

void RedisStore::tick_then(std::function<void()> handler) {
  keeper_->tick(std::move(handler));
}

void RedisStore::refresh_then(std::function<void()> handler) {
  keeper_->refresh(std::move(handler));
}

void RedisStore::control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) {
  keeper_->control(std::move(change), std::move(handler));
}

void RedisStore::snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  keeper_->snapshot(std::move(handler));
}

void RedisStore::declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler) {
  keeper_->declare(std::move(terms), how, std::move(handler));
}

void RedisStore::withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler) {
  keeper_->withdraw(std::move(event_id), by_force, std::move(handler));
}

void RedisStore::ping(std::function<void(core::Result<core::Nanos>)> handler) {
  keeper_->ping(std::move(handler));
}

}  // namespace tacos::gateway
