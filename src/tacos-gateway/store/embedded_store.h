#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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
  // Declared events; and again as many that came into being at a join.
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
// inside submit(). An event in which nobody waits or has a turn costs nothing until somebody asks for it. The clock is
// the process's steady clock; what is said in calendar time is offset from when the store was made.
class EmbeddedStore final : public QueueStore {
 public:
  EmbeddedStore(EmbeddedStoreOptions options, const core::Clock& clock);
  ~EmbeddedStore() override;

  std::unique_ptr<StoreSession> open_session(boost::asio::any_io_executor executor) override;
  void tick() override;
  void control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) override;
  void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) override;
  void ping(std::function<void(core::Result<core::Nanos>)> handler) override;
  void declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler) override;
  void withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler) override;
  std::vector<StoreMetric> metrics() const override;

  // What is declared of an event. Any thread; may be asked under any other lock.
  std::optional<EventTerms> terms(std::uint64_t event) const;

  // Bytes of tickets, indexes and queues over all events, user look-up tables excluded.
  std::size_t memory_bytes();

 private:
  class Session;
  // One life of an event. Forgotten, it has no line any more; whoever still refers to it has to look it up again.
  struct Event {
    std::mutex mutex;
    std::uint32_t epoch = 0;
    std::unique_ptr<EventLine> line;
    std::uint64_t serial = 0;
    bool ticking = false;               // is in ticking_, or about to be
    std::atomic<bool> declared{false};  // changed under the store's own lock
  };
  using EventPointer = std::shared_ptr<Event>;

  EventPointer find(std::uint64_t key);
  // Null when there are as many events as may be, or none of that name may come into being: outcome says which.
  EventPointer find_or_make(std::uint64_t key, std::string_view event_id, StoreOutcome& outcome);
  EventPointer make(std::uint64_t key, std::string_view event_id, const std::optional<EventTerms>& terms);
  bool make_place();
  EventPointer find_declared(const std::string& event_id);
  void change_terms(const EventControl& change);
  std::vector<EventPointer> all();
  // With the event's mutex held: what was asked may have given time something to bring.
  void wake(const EventPointer& event);
  void look_for_ended();
  bool forget(const EventPointer& event, bool only_if_over);
  void erase(const EventPointer& event, std::uint64_t key);
  core::Instant opening_of(const std::optional<EventTerms>& terms) const;
  EventSnapshot unused(const EventTerms& terms) const;

  const EmbeddedStoreOptions options_;
  const core::Clock& clock_;
  const std::int64_t unix_ms_at_origin_;  // of the clock's own zero
  std::shared_mutex events_mutex_;
  std::unordered_map<std::uint64_t, EventPointer> events_;
  std::map<std::uint64_t, EventPointer> in_order_;  // of making, by serial
  std::uint64_t next_serial_ = 1;
  std::atomic<std::uint64_t> look_at_{0};  // the serial from which on events are asked whether they are over
  std::size_t undeclared_ = 0;             // of events_
  mutable std::shared_mutex terms_mutex_;  // taken last, under any other
  std::unordered_map<std::uint64_t, EventTerms> terms_;
  std::mutex ticking_mutex_;  // taken under an event's
  std::vector<EventPointer> ticking_;
  LineOptions line_;  // what events to come begin with; under events_mutex_
  bool starts_paused_ = false;
  bool starts_draining_ = false;
  const core::Instant made_at_;
  std::atomic<std::uint64_t> forgotten_{0};
  std::atomic<std::uint64_t> evicted_{0};
  std::atomic<std::uint64_t> refused_full_{0};
  std::atomic<std::uint64_t> refused_undeclared_{0};
};

}  // namespace tacos::gateway
