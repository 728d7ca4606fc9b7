#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/store/event_line.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

struct EmbeddedStoreOptions {
  LineOptions line;
  std::size_t max_events = 1000;
  // Told of every ticket's changes, under that event's lock; for audits and tests.
  std::function<void(const std::string& event_id, TicketNumber, TicketStatus from, TicketStatus to, core::Instant)>
      observer = {};
  // Told that an event is forgotten, under that event's lock: what else is kept of it is to go too.
  std::function<void(std::uint64_t event)> on_forgotten = {};
};

// The line in this process's memory: exact, shared by its threads, gone when it ends.
//
// One mutex per event, taken once for each run of commands of that event in a batch; with the few hundred nanoseconds
// that a command takes, two threads at 100,000 commands a second are rarely in each other's way. Commands complete
// inside submit(). The clock is the process's steady clock; what is said in calendar time is offset from when the store
// was made.
class EmbeddedStore final : public QueueStore {
 public:
  EmbeddedStore(EmbeddedStoreOptions options, const core::Clock& clock);
  ~EmbeddedStore() override;

  std::unique_ptr<StoreSession> open_session(boost::asio::any_io_executor executor) override;
  void tick() override;
  void control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) override;
  void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) override;
  void ping(std::function<void(core::Result<core::Nanos>)> handler) override;
  std::vector<StoreMetric> metrics() const override;

  // Bytes of tickets, indexes and queues over all events, user look-up tables excluded.
  std::size_t memory_bytes();

 private:
  class Session;
  // One life of an event. Forgotten, it has no line any more; whoever still refers to it has to look it up again.
  struct Event {
    std::mutex mutex;
    std::uint32_t epoch = 0;
    std::unique_ptr<EventLine> line;
  };
  using EventPointer = std::shared_ptr<Event>;

  EventPointer find(std::uint64_t key);
  // Null when there are as many events as may be.
  EventPointer find_or_make(std::uint64_t key, std::string_view event_id);
  std::vector<EventPointer> all();
  void forget(Event& event);

  const EmbeddedStoreOptions options_;
  const core::Clock& clock_;
  const std::int64_t unix_ms_at_origin_;  // of the clock's own zero
  std::shared_mutex events_mutex_;
  std::unordered_map<std::uint64_t, EventPointer> events_;
  LineOptions line_;  // what events to come begin with; under events_mutex_
  bool starts_paused_ = false;
  bool starts_draining_ = false;
  std::atomic<std::uint64_t> forgotten_{0};
};

}  // namespace tacos::gateway
