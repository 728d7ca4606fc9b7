// Holds the promise that a poll costs the gateway no allocation once its connection is warm: route, token, store,
// answer, metrics.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "integration/gateway_fixture.h"
#include "support/assertion_signer.h"
#include "tacos-gateway/backend/embedded_seats.h"
#include "tacos-gateway/http/api_handler.h"
#include "tacos-gateway/store/embedded_store.h"
#include "unit/net/allocation_counter.h"

namespace tacos::gateway {
namespace {

// Counts what its thread allocates.
class CountedHandler final : public net::HttpHandler {
 public:
  explicit CountedHandler(std::unique_ptr<ApiHandler> inner) : inner_(std::move(inner)) {}

  std::unique_ptr<net::ExchangeState> make_state() override { return inner_->make_state(); }
  void handle(net::HttpExchange& exchange) override {
    tests::count_allocations_of_this_thread();
    inner_->handle(exchange);
  }
  void refuse(net::HttpExchange& exchange, net::Refusal refusal, std::string_view reason) override {
    inner_->refuse(exchange, refusal, reason);
  }
  void end_of_turn() override { inner_->end_of_turn(); }

 private:
  std::unique_ptr<ApiHandler> inner_;
};

TEST(GatewayAllocation, AWarmPollJoinAndEnterAllocateNothing) {
  const core::SteadyClock clock;
  GatewayLog log(GatewayLog::Level::kOff, GatewayLog::Format::kJson, clock);
  EmbeddedStore store({}, clock);
  EmbeddedSeats seats({}, clock);
  GatewayServices services{clock, log, store, seats};
  services.signing_keys = {*random_key()};
  // The ticker runs on thread 0 and is not of interest; the second thread only serves.
  services.metrics.push_back(std::make_unique<ThreadMetrics>());
  services.metrics.push_back(std::make_unique<ThreadMetrics>());
  net::HttpServerOptions options;
  options.sweep_interval = std::chrono::hours(1);
  auto server = net::HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    auto signer = TicketSigner::make(services.signing_keys);
    return std::make_unique<CountedHandler>(std::make_unique<ApiHandler>(services, loop, 1, std::move(*signer)));
  });
  ASSERT_TRUE(server.has_value());

  std::vector<net::RawClient> clients;
  std::vector<std::string> requests;
  for (int i = 0; i < 32; ++i) {
    clients.emplace_back((*server)->address().port);
    const std::string body = R"({"event_id":"show","user_id":"u)" + std::to_string(i) + R"("})";
    const std::string join = "POST /queue/join HTTP/1.1\r\nHost: a\r\nIdempotency-Key: join of " + std::to_string(i) +
                             "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    const auto joined = clients.back().call(join);
    ASSERT_EQ(joined.status, 202);
    const std::string token = nlohmann::json::parse(joined.body)["waiting_token"];
    const std::string enter = R"({"waiting_token":")" + token + R"("})";
    requests.push_back("GET /queue/status?token=" + token + " HTTP/1.1\r\nHost: a\r\n\r\n" + join +
                       "POST /queue/enter HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(enter.size()) +
                       "\r\n\r\n" + enter);
  }
  const auto round = [&] {
    for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send(requests[i]);
    for (net::RawClient& client : clients) {
      ASSERT_EQ(client.receive().status, 200);
      ASSERT_EQ(client.receive().status, 202);
      ASSERT_EQ(client.receive().status, 403);
    }
  };
  for (int i = 0; i < 5; ++i) round();
  tests::start_counting_allocations();
  for (int i = 0; i < 20; ++i) round();
  EXPECT_EQ(tests::stop_counting_allocations(), 0u) << "over " << 20 * 3 * 32 << " requests";
}

TEST(GatewayAllocation, AWarmJoinByAssertionBehindAProxyAllocatesNothing) {
  const core::SteadyClock clock;
  GatewayLog log(GatewayLog::Level::kOff, GatewayLog::Format::kJson, clock);
  EmbeddedStore store({}, clock);
  EmbeddedSeats seats({}, clock);
  GatewayServices services{clock, log, store, seats};
  services.signing_keys = {*random_key()};
  services.metrics.push_back(std::make_unique<ThreadMetrics>());
  services.metrics.push_back(std::make_unique<ThreadMetrics>());
  // EdDSA is not promised: OpenSSL makes a context for each.
  const auto site = AssertionSigner::hs256("0123456789abcdefghijklmnopqrstuv");
  services.joins.assertions.push_back(std::move(*AssertionVerifier::make(std::vector{site.key()})));
  services.joins.assertions.push_back(std::move(*AssertionVerifier::make(std::vector{site.key()})));
  services.joins.proxies = *TrustedProxies::parse("127.0.0.1");
  services.joins.by_address =
      std::make_unique<AddressLimiter>(GcraLimit::of(core::Rate::per_second(0.001), 100), 64, std::uint64_t{1});
  net::HttpServerOptions options;
  options.sweep_interval = std::chrono::hours(1);
  auto server = net::HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    auto signer = TicketSigner::make(services.signing_keys);
    return std::make_unique<CountedHandler>(std::make_unique<ApiHandler>(services, loop, 1, std::move(*signer)));
  });
  ASSERT_TRUE(server.has_value());

  net::RawClient client((*server)->address().port);
  const auto join = [&](const std::string& assertion) {
    const std::string body = R"({"event_id":"show","assertion":")" + assertion + R"("})";
    client.send("POST /queue/join HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4, 203.0.113.7\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.receive().status;
  };
  const std::string good = site.sign(R"({"sub":"ann","event":"show","exp":253402300799})");
  const std::string expired = site.sign(R"({"sub":"ann","event":"show","exp":1})");
  for (int i = 0; i < 10; ++i) ASSERT_EQ(join(good), 202);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(join(expired), 401);
  tests::start_counting_allocations();
  for (int i = 0; i < 40; ++i) ASSERT_EQ(join(good), 202);
  for (int i = 0; i < 40; ++i) ASSERT_EQ(join(expired), 401);
  EXPECT_EQ(tests::stop_counting_allocations(), 0u);
  ASSERT_EQ(join(good), 429);
  tests::start_counting_allocations();
  for (int i = 0; i < 40; ++i) ASSERT_EQ(join(good), 429);
  EXPECT_EQ(tests::stop_counting_allocations(), 0u) << "a refusal is cheap";
}

}  // namespace
}  // namespace tacos::gateway
