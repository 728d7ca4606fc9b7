#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/clock.h"
#include "core/random.h"
#include "net/handler_memory.h"
#include "redis/redis_link.h"
#include "redis/redis_reply.h"
#include "redis/redis_request.h"
#include "redis/redis_transport.h"

namespace tacos::redis {

// What sets one connection apart from the others of its link.
struct RedisConnectionOptions {
  RedisAddress address;
  std::shared_ptr<RedisTls> tls;  // null: without
  std::string user;
  std::string password;
  int database = 0;
  bool read_only = false;  // to a replica: says READONLY first
  // Whether requests wait here, until their time is up, while there is no connection, and idempotent ones are sent
  // again. Otherwise they wait for the first attempt to connect only, so that a cluster can send them elsewhere.
  bool keeps_waiting = true;
  std::uint64_t seed = 1;
};

// Gets back what was submitted to a connection, each exactly once: by a single server's link or by a cluster's.
class RedisRequestSink {
 public:
  virtual void on_completed(RedisRequest& request, const RedisReply* reply, RedisFailure failure) = 0;
  virtual void on_connection_lost() = 0;

 protected:
  ~RedisRequestSink() = default;
};

// One connection to one server, made again whenever it is lost. Requests must have their notes' deadline set.
//
// A server that has kept a request waiting until its time was up is taken for lost, and the connection is closed, since
// replies come in order and nothing behind can be had before it. But one that was only sent when most of its time had
// gone says nothing about the server: then its reply is awaited and dropped, and the others are not disturbed.
//
// A durable request that was executed is held back, with a copy of its reply, until the WAIT behind it is answered. An
// error is handed on at once, as nothing is to be replicated. While a WAIT is unanswered no further durable request is
// written, nor what stands behind it; otherwise a replica that has stopped would add a time-out for each write.
//
// Not thread safe. The sink, options and clock must live until close() was called.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  RedisConnection(boost::asio::any_io_executor executor, RedisConnectionOptions own, const RedisLinkOptions& link,
                  RedisRequestSink& sink, RedisCounters& counters, const core::Clock& clock);
  ~RedisConnection();

  void connect();  // once, before anything else
  void submit(RedisRequest& request);

  // Makes no further attempt, and closes when nothing is pending any more.
  void retire();
  // At once: what was sent fails with kUnknownOutcome, the rest with kNotSent.
  void close();

  bool ready() const { return state_ == State::kReady; }
  bool closed() const { return state_ == State::kClosed; }
  const std::string& fault() const { return fault_; }
  const RedisAddress& address() const { return own_.address; }

 private:
  enum class State : std::uint8_t { kOpening, kGreeting, kReady, kResting, kClosed };
  struct GreetingStep {
    std::string_view name;
    bool may_fail = false;
  };
  struct Flush;
  struct Tick;

  void start_attempt();
  void greet();
  void on_greeting_reply(const RedisReply& reply);
  void on_received(std::string_view bytes);
  void on_reply(const RedisReply& reply);
  bool send_again_with_script(RedisRequest& request);
  void on_written(std::size_t bytes);

  void post_flush();
  void flush();
  void send_line(RedisRequestLine& line);
  void append(RedisRequest& request);

  bool awaits_replicas(const RedisRequest& request) const;
  void append_wait();
  void hold(RedisRequest& request, const RedisReply& reply);
  void on_wait_reply(const RedisReply& reply);
  RedisRequestLine take_unanswered();

  // The connection is over: whatever was sent has no answer.
  void drop(std::string why);
  void fail(RedisRequestLine line, RedisFailure failure);
  void complete(RedisRequest& request, const RedisReply* reply, RedisFailure failure);
  void rest();
  void close_if_retired();

  void arm();
  void on_tick();
  void sweep(core::Instant now);
  RedisRequestLine give_up_late(core::Instant now);
  bool idle() const { return again_.empty() && waiting_.empty() && sent_.empty() && held_.empty(); }

  const boost::asio::any_io_executor executor_;
  const RedisConnectionOptions own_;
  const RedisLinkOptions& link_;
  RedisRequestSink& sink_;
  RedisCounters& counters_;
  const core::Clock& clock_;

  State state_ = State::kResting;
  std::shared_ptr<RedisTransport> transport_;
  std::unique_ptr<RedisReplyReader> reader_;
  std::vector<GreetingStep> greeting_;
  std::size_t greeted_ = 0;
  std::string fault_;

  RedisRequestLine again_;               // goes before waiting_: was sent before and not executed
  RedisRequestLine waiting_;             // not sent
  RedisRequestLine sent_;                // in the order of their replies
  RedisRequestLine held_;                // executed, their replies kept until that of the WAIT that is in sent_
  ReplyArena kept_;                      // the replies of held_
  RedisRequest wait_;                    // in sent_, behind the durable requests of one write
  bool wait_wanted_ = false;             // a durable request is in what is being written
  bool wait_sent_ = false;               // wait_ is in sent_
  std::uint32_t replies_of_nobody_ = 0;  // still to come after those of sent_: of requests that were given up
  core::Instant silent_since_;           // the server was last heard of, or else first asked
  std::uint64_t sequence_ = 0;
  std::vector<std::uint64_t> script_loaded_at_;  // by script: the sequence at its last loading
  std::string writing_;
  bool write_pending_ = false;
  bool flush_posted_ = false;
  bool retired_ = false;
  bool leave_when_answered_ = false;  // the server says it is a replica now: the name may lead to another one

  core::Random random_;
  unsigned attempts_ = 0;  // since the connection last held
  core::Instant ready_since_;
  core::Instant phase_ends_ = core::Instant::never();     // the attempt to connect, or the rest between two
  core::Instant next_deadline_ = core::Instant::never();  // of a request: none is due before
  core::Instant armed_for_ = core::Instant::never();
  boost::asio::steady_timer timer_;
  net::HandlerMemory flush_memory_;
  net::HandlerMemory tick_memory_;
};

}  // namespace tacos::redis
