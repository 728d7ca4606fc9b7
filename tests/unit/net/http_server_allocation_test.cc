// Holds the promise that a request costs no allocation once its connection is warm.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "unit/net/allocation_counter.h"
#include "unit/net/raw_client.h"

namespace tacos::net {
namespace {

// Answers at the end of the turn, as a gateway does that asks a store in batches.
class BatchingHandler final : public HttpHandler {
 public:
  BatchingHandler() { batch_.reserve(1024); }

  void handle(HttpExchange& exchange) override {
    tests::count_allocations_of_this_thread();
    if (exchange.request().path() == "/now") {
      answer(exchange);
    } else {
      batch_.push_back(&exchange);
    }
  }
  void refuse(HttpExchange& exchange, Refusal refusal, std::string_view reason) override {
    exchange.respond({status_of(refusal), "text/plain", reason, "", true});
  }
  void end_of_turn() override {
    for (std::size_t i = 0; i < batch_.size(); ++i) answer(*batch_[i]);
    batch_.clear();
  }

 private:
  static void answer(HttpExchange& exchange) {
    exchange.respond({200, "application/json", R"({"status":"waiting"})", "X-Trace-Id: 0123456789abcdef\r\n", false});
  }
  std::vector<HttpExchange*> batch_;
};

void exchange_on_all(std::vector<RawClient>& clients, const std::string& request) {
  for (RawClient& client : clients) client.send(request);
  for (RawClient& client : clients) ASSERT_EQ(client.receive().status, 200);
}

TEST(HttpServerAllocation, NothingIsAllocatedPerRequestOnceWarm) {
  const core::SteadyClock clock;
  HttpServerOptions options;
  options.sweep_interval = std::chrono::hours(1);  // the sweep writes a new date now and then
  auto server = HttpServer::start(
      options, clock, [](boost::asio::io_context&, unsigned) { return std::make_unique<BatchingHandler>(); });
  ASSERT_TRUE(server.has_value());
  std::vector<RawClient> clients;
  for (int i = 0; i < 64; ++i) clients.emplace_back((*server)->address().port);
  const std::string now = "GET /now?token=abc HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n";
  const std::string later = "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n" + std::string(1500, 'x');
  const std::string chunked =
      "POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int round = 0; round < 5; ++round) {
    for (const std::string& request : {now, later, chunked}) exchange_on_all(clients, request);
  }
  tests::start_counting_allocations();
  for (int round = 0; round < 20; ++round) {
    for (const std::string& request : {now, later, chunked}) exchange_on_all(clients, request);
  }
  EXPECT_EQ(tests::stop_counting_allocations(), 0u) << "over " << 20 * 3 * 64 << " requests";
}

}  // namespace
}  // namespace tacos::net
