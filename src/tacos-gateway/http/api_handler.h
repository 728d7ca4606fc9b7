#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_handler.h"
#include "tacos-gateway/http/admin_routes.h"
#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/probe_routes.h"
#include "tacos-gateway/http/queue_routes.h"
#include "tacos-gateway/http/seat_routes.h"
#include "tacos-gateway/http/ticker.h"

namespace tacos::gateway {

// What a port serves. With an operators' port (--admin-listen) the public one has neither /admin nor /metrics.
enum class PortRole : std::uint8_t { kEverything, kPublic, kOperators };

// The gateway's side of one server thread: finds the route of each request and hands it over, submits the batch that a
// turn of the loop has collected, and words what the server refuses.
class ApiHandler final : public net::HttpHandler {
 public:
  // number counts the threads of all ports. Thread 0 also runs the ticker.
  ApiHandler(GatewayServices& services, boost::asio::io_context& loop, unsigned number,
             std::unique_ptr<TicketSigner> signer, PortRole role = PortRole::kEverything);

  std::unique_ptr<net::ExchangeState> make_state() override { return std::make_unique<ApiExchange>(thread_); }
  void handle(net::HttpExchange& exchange) override;
  void refuse(net::HttpExchange& exchange, net::Refusal refusal, std::string_view reason) override;
  void end_of_turn() override { thread_.submit_batch(); }

 private:
  void dispatch(ApiExchange& exchange, const RouteMatch& match);
  void answer_options(ApiExchange& exchange, const RouteMatch& match);
  std::string_view with_options(std::string_view allow);

  const PortRole role_;
  ApiThread thread_;
  QueueRoutes queue_;
  SeatRoutes seats_;
  AdminRoutes admin_;
  ProbeRoutes probes_;
  std::unique_ptr<Ticker> ticker_;
  std::string allow_;
};

}  // namespace tacos::gateway
