#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "redis/redis_link.h"
#include "tacos-gateway/redis_store/event_mirror.h"
#include "tacos-gateway/redis_store/line_scripts.h"
#include "tacos-gateway/store/event_line.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// How a ticket's position is found; a property of an event from its first join on.
enum class PositionStrategy : std::uint8_t {
  kWatermark,  // by what each gateway remembers of the line: no command for those who wait
  kIndex,      // a sorted set of those who wait, and a ZRANK for each question
  kKeys,       // KEYS over a key per user for each question: what not to do, kept to measure it
};
const char* name_of(PositionStrategy strategy);

struct RedisStoreOptions {
  LineOptions line{};             // of events to come
  std::size_t max_events = 1000;  // declared; and again as many that came into being at a join
  PositionStrategy position = PositionStrategy::kWatermark;
  // Over how many slots the tickets of an event to come are spread; 1: the line lies in one slot. Only by watermark.
  std::uint32_t buckets = 1;
  core::Nanos command_timeout = std::chrono::seconds(1);
  // How often what the mirrors know is refreshed; 0: only by refresh(), for tests.
  core::Nanos facts_interval = std::chrono::milliseconds(250);
  // Whether the Redis tells the time. Otherwise the store's clock does, which only a test may want: gateways would
  // have to agree on it.
  bool server_time = true;
  // How many replicas must have a change to a ticket before it is answered, and how long they may take. See
  // RedisLinkOptions.
  unsigned wait_replicas = 0;
  core::Nanos wait_timeout = std::chrono::milliseconds(100);
  // Told that another server has taken over, or that one has started again, and again when more is known of what it had
  // not got. On the keeper's thread; may be empty.
  struct Failover {
    std::string_view event_id;
    std::uint64_t tickets_lost = 0;
  };
  std::function<void(const Failover&)> on_failover{};
};

class LineKeeper;
class RedisSession;

// What the sessions and the keeper of one store share. Any thread.
class RedisStoreParts {
 public:
  RedisStoreParts(redis::RedisUrl url, RedisStoreOptions options, const core::Clock& clock);

  core::Result<std::unique_ptr<redis::RedisLink>> open_link(boost::asio::any_io_executor executor) const;
  // The same with scripts other than the line's.
  core::Result<std::unique_ptr<redis::RedisLink>> open_link(boost::asio::any_io_executor executor,
                                                            std::shared_ptr<const redis::ScriptBook> book) const;

  // Null when the event has not been met.
  EventMirror* find(std::uint64_t event) const;
  EventMirror& find_or_make(std::uint64_t event);
  // Those that are not asleep.
  std::vector<std::uint64_t> events() const;

  // The opening of an event in microseconds as its scripts count; of one that declares none, opening_delay from when
  // this store was made.
  std::int64_t opening_us(const std::optional<EventTerms>& declared) const {
    return declared ? declared->opens_unix_ms * 1000 : default_opening_us_;
  }

  // For a script's ARGV[1].
  std::uint64_t script_time() const {
    return options.server_time ? 0 : static_cast<std::uint64_t>(clock.now().since_origin().count() / 1000);
  }

  // Links still open, so that their counters can be read. They are opened at the start and closed at the end.
  void enlist(const redis::RedisLink& link);
  void strike_off(const redis::RedisLink& link);
  std::vector<StoreMetric> metrics() const;

  const redis::RedisUrl url;
  const RedisStoreOptions options;
  const core::Clock& clock;
  const core::SteadyClock link_clock;
  const std::shared_ptr<const redis::ScriptBook> scripts = make_line_scripts();
  std::atomic<std::uint64_t> mirror_answers{0};
  std::atomic<std::uint64_t> stale_answers{0};
  std::atomic<std::uint64_t> events_forgotten{0};  // by this gateway
  std::atomic<std::uint64_t> refusals{0};          // answered "unavailable"
  std::atomic<std::uint64_t> events_evicted{0};    // by this gateway, of those forgotten
  std::atomic<std::uint64_t> refused_full{0};
  std::atomic<std::uint64_t> refused_undeclared{0};

 private:
  struct Totals;
  static void add(Totals& totals, const redis::RedisCounters& counters);

  const std::int64_t default_opening_us_;
  mutable std::shared_mutex events_mutex_;
  std::unordered_map<std::uint64_t, std::unique_ptr<EventMirror>> events_;
  mutable std::mutex links_mutex_;
  std::vector<const redis::RedisLink*> links_;
};

// The line on a Redis, shared by every gateway that names the same one. Each session has a link of its own; one more
// thread and link move time on, refresh the mirrors and do what operators ask for.
//
// Sessions must be gone before the store, and stop completing commands once they are.
class RedisStore final : public QueueStore {
 public:
  // Connecting goes on behind: the error is only ever about the options, such as a CA file that can't be read.
  static core::Result<std::unique_ptr<RedisStore>> open(const redis::RedisUrl& url, RedisStoreOptions options,
                                                        const core::Clock& clock);
  ~RedisStore() override;

  std::unique_ptr<StoreSession> open_session(boost::asio::any_io_executor executor) override;
  void tick() override;
  void control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) override;
  void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) override;
  void ping(std::function<void(core::Result<core::Nanos>)> handler) override;
  void declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler) override;
  void withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler) override;
  std::vector<StoreMetric> metrics() const override { return parts_->metrics(); }

  // For what else of this line lies on the same Redis.
  RedisStoreParts& parts() { return *parts_; }

  // The same as tick(), and what happens every facts_interval, with word of when all of it is done. On an unspecified
  // thread.
  void tick_then(std::function<void()> handler);
  void refresh_then(std::function<void()> handler);

 private:
  RedisStore(std::unique_ptr<RedisStoreParts> parts, std::unique_ptr<LineKeeper> keeper);

  std::unique_ptr<RedisStoreParts> parts_;
  std::unique_ptr<LineKeeper> keeper_;
};

}  // namespace tacos::gateway
