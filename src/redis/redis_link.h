#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "net/counter.h"
#include "redis/redis_reply.h"
#include "redis/redis_request.h"
#include "redis/redis_script.h"
#include "redis/redis_url.h"

namespace tacos::redis {

struct RedisLinkOptions {
  std::string client_name = "tacos-gateway";
  core::Nanos connect_timeout = std::chrono::seconds(2);  // to the end of the greeting: TLS, AUTH and so on
  core::Nanos command_timeout = std::chrono::seconds(1);  // of requests that name none
  core::Nanos backoff_first = std::chrono::milliseconds(10);
  core::Nanos backoff_most = std::chrono::seconds(2);
  // Requests submitted and not yet done; beyond, they fail at once with kOverloaded.
  std::size_t max_pending = 16 * 1024;
  RedisReplyLimits reply_limits;
  // A durable request is done when so many replicas have it, asked for with WAIT; 0: when it was executed. WAIT blocks
  // its whole connection, so there is one at a time for all durable requests written together, and those that come
  // meanwhile go together with the next: a request is answered, or fails with kNotReplicated, within two time-outs. So
  // that no server is taken for lost because its replicas are slow, wait_timeout is to be a quarter of the requests'
  // time-out at most, and two of it, each with the 100 ms by which an idle Redis is late, are to fit into that; rounded
  // up to whole milliseconds.
  unsigned wait_replicas = 0;
  core::Nanos wait_timeout = std::chrono::milliseconds(100);
  // A cluster's: how often one request may be sent elsewhere or put off, and how often the map of slots is asked for.
  unsigned max_redirections = 16;
  core::Nanos refresh_interval = std::chrono::milliseconds(100);
  core::Nanos refresh_when_idle = std::chrono::seconds(30);
  std::uint64_t seed = 1;  // of the jitter in backing off
  std::shared_ptr<const ScriptBook> scripts;
  // Told how long each command took from its sending to its reply, on the link's thread; may be empty.
  std::function<void(core::Nanos)> on_round_trip;
};

// What a link has done since it was opened. The link's thread counts, any thread may read.
struct RedisCounters {
  net::Counter commands_sent;  // those sent again count again
  net::Counter replies;
  net::Counter error_replies;  // errors that were handed on
  net::Counter timeouts;
  net::Counter not_sent;
  net::Counter unknown_outcomes;
  net::Counter overflows;  // refused because max_pending were pending
  net::Counter connects;   // connections that got to the end of their greeting
  net::Counter connects_failed;
  net::Counter disconnects;     // connections lost after that
  net::Counter scripts_loaded;  // because a server had forgotten one
  net::Counter redirects_moved;
  net::Counter redirects_ask;
  net::Counter put_off;    // TRYAGAIN, CLUSTERDOWN, or no server for the slot just then
  net::Counter refreshes;  // maps of slots taken over
  net::Counter replica_reads;
  net::Counter waits;        // WAITs sent: not counted as commands
  net::Counter waits_short;  // WAITs answered by too few replicas
  net::Counter no_replicas;  // refused with NOREPLICAS (min-replicas-to-write) and not executed; error_replies too
  net::Counter bytes_sent;
  net::Counter bytes_received;
  net::Counter pending;      // now
  net::Counter max_pending;  // ever
};

// One thread's way to a Redis, be it one server or a cluster. Connects by itself, and again after every loss, backing
// off; requests wait for that until their time is up. Requests of one turn of the loop go out in one write per
// connection. Requests for one slot (to one server: all) are executed in the order of submit, except where one is sent
// again: a lost script, a redirection, a lost connection. A durable request may be answered after some that were
// submitted behind it.
//
// Sent again are only requests that the server said it did not execute, and idempotent ones.
//
// Thread rule: everything but counters() on the executor's thread, which must be one thread. The executor's context
// must live longer than the link, and the link must not be destroyed by a request's done.
class RedisLink {
 public:
  virtual ~RedisLink() = default;

  virtual void submit(RedisRequest& request) = 0;

  // Whether a request could be sent now; in a cluster, to any slot.
  virtual bool ready() const = 0;
  // Why the last connection failed or was lost, for an operator; empty when none ever was.
  virtual std::string fault() const = 0;
  // Ends everything: what is pending fails inside the call, what is submitted later fails at once.
  virtual void close() = 0;

  virtual const RedisCounters& counters() const = 0;
};

// Opens a link to what the URL names. Connecting goes on behind: the error is only ever about the options, such as a CA
// file that can't be read. clock must run with steady time, and live as long as the link.
core::Result<std::unique_ptr<RedisLink>> open_redis_link(boost::asio::any_io_executor executor, const RedisUrl& url,
                                                         const RedisLinkOptions& options, const core::Clock& clock);

}  // namespace tacos::redis
