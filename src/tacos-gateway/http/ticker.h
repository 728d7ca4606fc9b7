#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tacos-gateway/http/gateway_services.h"

namespace tacos::gateway {

// What must happen though nobody asks: the store's time-driven work every 10 ms, lapsed holds every 100 ms, and a
// question to the store every 250 ms whether it is there. Runs on one server thread's loop; destroyed with it.
class Ticker {
 public:
  Ticker(GatewayServices& services, boost::asio::io_context& loop, SeatSession& seats);

 private:
  void schedule();
  void tick();
  void sweep_seats();
  void ask_whether_store_answers();

  GatewayServices& services_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<StoreSession> session_;
  SeatSession& seats_;  // of the thread it runs on
  std::uint64_t ticks_ = 0;
  std::vector<StoreCommand> reports_;
  std::size_t reports_under_way_ = 0;
};

}  // namespace tacos::gateway
