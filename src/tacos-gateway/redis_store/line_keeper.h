#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/random.h"
#include "tacos-gateway/redis_store/redis_store.h"
#include "tacos-gateway/redis_store/script_call.h"

namespace tacos::gateway {

// Does for a whole gateway what no request asks for: moves time on at every event, refreshes what the mirrors know,
// writes the heartbeats they gathered, and carries out what operators want. On a thread and a link of its own; its
// methods may be called from any thread, and its handlers run on its own.
class LineKeeper {
 public:
  static core::Result<std::unique_ptr<LineKeeper>> start(RedisStoreParts& parts);
  ~LineKeeper();

  static constexpr const char* kUnreachable = "the Redis can't be reached at the moment";

  // One tick of every event that is due, unless the last one is still under way. handler may be empty.
  void tick(std::function<void()> handler);
  void refresh(std::function<void()> handler);
  void control(EventControl change, std::function<void(core::Result<std::size_t>)> handler);
  void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler);
  void ping(std::function<void(core::Result<core::Nanos>)> handler);
  void declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler);
  void withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler);

 private:
  using Replied = std::function<void(const redis::RedisReply*)>;  // null: no answer, or an error
  using Latch = std::shared_ptr<void>;                            // work is done when the last copy is gone
  struct Question {
    redis::RedisRequest request;
    LineKeeper* keeper = nullptr;
    Replied replied;
  };
  // What a bucket said of itself at its last tick; what of it the event's own key knows.
  struct BucketReport {
    bool heard = false;
    std::uint64_t passed = 0, called = 0, outstanding = 0, waiting = 0;
    std::uint64_t called_at_us = 0;  // its last calls, by its server's clock
    std::uint64_t told_from = 0;     // of its departures
    std::vector<TicketNumber> departures;
    std::uint64_t departures_known = 0;
  };
  struct Pace {
    bool ticking = false;
    bool refreshing = false;
    core::Instant next_tick;
    core::Nanos idle_gap{0};  // between looks at an event that nobody is in; 0: somebody is
    core::Instant next_refresh;
    core::Nanos gap{0};  // between ticks, so that all gateways together tick about as often as one alone
    std::vector<BucketReport> buckets;
    std::string id;               // of the event, once it has been listed
    std::uint64_t failovers = 0;  // that were told of
    std::uint64_t tickets_lost = 0;
    bool forgetting = false;
    core::Instant next_look;                     // at whether it is over; none yet: the clock's zero
    std::optional<core::Instant> missing_since;  // listed, but not there
    std::string missing_serial;
  };
  // How an attempt to forget an event ended.
  enum class Forgotten : std::uint8_t { kYes, kNone, kInUse, kUnknown };
  // Why and how far an event is forgotten.
  struct Forgetting {
    const char* why = "over";             // as lua/forget.lua reads it
    std::string serial;                   // of its registration
    std::function<void(Forgotten)> told;  // may be empty
    bool begun = false;
    bool buckets_gone = false;
  };
  struct Life {
    std::uint32_t buckets = 1;
    std::uint32_t epoch = 0;
  };

  explicit LineKeeper(RedisStoreParts& parts) : parts_(parts), timer_(loop_) {}
  static Latch latch(std::function<void()> handler);

  std::unique_ptr<Question> question(Replied replied);
  void ask(std::unique_ptr<Question> question);
  static void answered(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure);
  void with_events(std::function<void(bool found, std::vector<std::uint64_t>)> then);

  void tick_event(std::uint64_t event, const Latch& done);
  void on_tick(std::uint64_t event, core::Instant asked_at, const redis::RedisReply* reply);
  void pace_after(Pace& pace, core::Instant asked_at, core::Nanos since_tick_before, bool active);
  void tick_buckets(std::uint64_t event, std::function<void()> then);
  void tick_bucket(std::uint64_t event, std::uint32_t bucket, const LineFacts& line, const Latch& done);
  void tick_line(std::uint64_t event, core::Instant asked_at, const Latch& done);
  void snapshot_event(std::uint64_t event, std::function<void(bool, const EventSnapshot&)> add);
  void refresh_event(std::uint64_t event, const Latch& done);
  void tell_of_failover(Pace& pace);
  void write_heartbeats(std::uint64_t event, const Latch& done);
  void write_heartbeats(std::uint64_t event, std::optional<std::uint32_t> bucket, std::uint32_t epoch,
                        std::vector<TicketNumber> taken, const Latch& done);
  void control_event(std::uint64_t event, const EventControl& change, Replied replied);
  void set_defaults(const EventControl& change, Replied replied);
  // Of the declared events, by their keys; nothing when the Redis does not answer.
  using DeclaredEvents = std::unordered_map<std::uint64_t, EventTerms>;
  void with_declared(std::function<void(const DeclaredEvents*)> then);
  void tell_terms(const EventTerms& terms, std::function<void(core::Result<Declared>)> handler);
  void forget_withdrawn(const std::string& event_id, bool by_force, const std::string& stands,
                        std::function<void(core::Result<Withdrawn>)> handler);
  void snapshot_all(const std::vector<std::uint64_t>& events, DeclaredEvents declared,
                    std::function<void(core::Result<std::vector<EventSnapshot>>)> handler);
  void change_declaration(std::string_view event_id, const std::string& terms, bool keep, Replied replied);
  void open_declared(const std::string& event_id, Replied replied);
  void keep_pace_declared(const EventControl& change, std::function<void(core::Result<std::size_t>)> handler);
  void control_declared(const EventControl& change, std::function<void(core::Result<std::size_t>)> handler);
  void make_room(std::size_t listed);
  void begin_to_forget(std::uint64_t event, Forgetting so_far, const Latch& done);
  void forget_if_over(std::uint64_t event, const Latch& done);
  void ask_to_forget(std::uint64_t event, Forgetting so_far, const Latch& done);
  void on_forget(std::uint64_t event, Forgetting so_far, const redis::RedisReply* reply, const Latch& done);
  void forget_buckets(std::uint64_t event, Life life, const Forgetting& so_far, const Latch& done);
  void forget_bucket(std::uint64_t event, std::uint32_t bucket, std::uint32_t epoch,
                     const std::shared_ptr<bool>& failed, const Latch& all);
  void hear_of_end(std::uint64_t event, Life known, const Latch& done);
  bool missing_for_long(std::uint64_t event, const std::string& serial);
  void unregister(std::uint64_t event, const Forgetting& so_far, const Latch& done);
  void end_of_look(std::uint64_t event, const Forgetting& so_far, Forgotten how);
  void take_listing(const std::vector<std::uint64_t>& listed);
  void schedule();

  RedisStoreParts& parts_;
  boost::asio::io_context loop_{1};
  std::unique_ptr<redis::RedisLink> link_;
  boost::asio::steady_timer timer_;
  std::unordered_map<std::uint64_t, Pace> paces_;
  std::vector<std::unique_ptr<Question>> spare_;
  LineFacts facts_;
  core::Random random_{1};
  unsigned refreshes_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace tacos::gateway
