#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/clock.h"
#include "net/counter.h"
#include "net/http_connection.h"
#include "net/http_handler.h"
#include "net/http_server.h"
#include "net/server_resources.h"

namespace tacos::net {

// One thread of a server: an event loop, the connections dealt to it, their handler, and what they share (output
// buffers, the date, counters). Everything but adopt(), drain(), stop(), join() and the counters happens on the thread
// itself.
class ServerThread {
 public:
  // The output buffer that a connection with an unsent answer may have at no cost to others.
  static constexpr std::size_t kOutputBytes = 4096;

  struct Counters {
    Counter accepted, idle_closed, reclaimed, broken, handshakes_failed, write_timeouts, answers_over_budget, requests,
        bytes_received, bytes_sent;
    std::array<Counter, kRefusalCount> refusals;
  };

  ServerThread(ServerResources& resources, const core::Clock& clock);
  ~ServerThread();

  void start(const HttpHandlerFactory& make_handler, unsigned number);
  // From any thread. Takes the socket over.
  void adopt(Arrival arrival);
  // From any thread. Ends the loop once every connection is gone, or at the deadline. Idle connections may bring
  // requests for a part of the grace.
  void drain(core::Nanos grace);
  // Ends a drain at once: what is not answered yet never is. From any thread.
  void cut_off_now();
  void join();
  // After join(): whether exchanges were left unanswered at the deadline.
  bool cut_off() const { return cut_off_; }

  const Counters& counters() const { return counters_; }
  // Connections dealt to it and not yet gone; counted when dealt, so that the acceptor sees its own hand-overs.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }

  // For its connections.
  const HttpServerOptions& options() const { return resources_.options; }
  ServerResources& resources() { return resources_; }
  core::Instant now() const { return clock_.now(); }
  std::string_view date() const { return date_; }
  // Whether an answer must be its connection's last.
  bool closing() const { return draining_ || resources_.closing.load(std::memory_order_relaxed); }
  // Whether connections that are idle now have no more time.
  bool ends_idle() const { return ends_idle_; }
  HttpHandler& handler() { return *handler_; }
  Counters& count() { return counters_; }
  std::unique_ptr<std::string> borrow_output();
  void give_back_output(std::unique_ptr<std::string> output);
  // The handler has left an exchange unanswered: end_of_turn() follows once everything that was ready has been served.
  void schedule_end_of_turn();
  // The connection has ended and nothing refers to it any more. It is destroyed a little later, since its own
  // functions, or the handler's, may still be on the stack.
  void retire(HttpConnection& connection);

 private:
  struct EndOfTurn;
  void run();
  void sweep();
  bool is_crowded() const;
  void schedule_sweep();
  void refresh_date();
  void begin_drain(core::Nanos grace);
  void end_idle();
  void stop_when_empty();

  ServerResources& resources_;
  const core::Clock& clock_;
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer idle_timer_;
  boost::asio::steady_timer drain_timer_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<std::unique_ptr<HttpConnection>> retired_;
  std::vector<std::unique_ptr<std::string>> spare_outputs_;
  std::unique_ptr<HttpHandler> handler_;
  HandlerMemory end_of_turn_memory_;
  std::string date_;
  std::int64_t date_second_ = 0;
  bool end_of_turn_scheduled_ = false;
  bool draining_ = false;
  bool ends_idle_ = false;
  bool cut_off_ = false;
  std::atomic<std::size_t> load_{0};
  Counters counters_;
  std::thread thread_;
};

}  // namespace tacos::net
