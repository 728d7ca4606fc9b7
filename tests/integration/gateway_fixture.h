#pragma once

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>

#include "core/clock.h"
#include "tacos-gateway/gateway.h"
#include "unit/net/raw_client.h"

namespace tacos::gateway {

// A gateway on a clock that stands still until the test moves it, and a client to talk to it. The ticker still runs
// every 10 ms of real time, so what the clock has brought about happens soon: wait for it with eventually().
class GatewayFixture : public ::testing::Test {
 protected:
  using Json = nlohmann::json;

  static constexpr const char* kAdminToken = "an operator's token";

  GatewayOptions options;  // change before start()
  core::ManualClock clock;

  GatewayFixture() {
    options.listen = "127.0.0.1:0";
    options.threads = 2;
    options.idle_timeout = std::chrono::hours(24);
    options.admin_token = kAdminToken;
    options.max_connections = 1000;
  }

  void start() {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text_));
    logger->set_pattern("%v");
    log_ = std::make_unique<GatewayLog>(logger, GatewayLog::Format::kJson, clock);
    auto started = Gateway::start(options, clock, *log_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    gateway_ = std::move(*started);
    client_ = std::make_unique<net::RawClient>(gateway_->address().port);
  }

  Gateway& gateway() { return *gateway_; }
  void stop() { gateway_.reset(); }
  bool shut_down() { return gateway_->shut_down(); }
  std::string log_text() const { return log_text_.str(); }
  net::RawClient connect() { return net::RawClient(gateway_->address().port); }

  static std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                             std::string_view headers = {}) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: gateway\r\n").append(headers);
    if (!body.empty() || method == "POST" || method == "PUT") {
      text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    }
    return text.append("\r\n").append(body);
  }

  struct Reply {
    int status = 0;
    Json body;
    net::RawClient::Answer raw;

    std::string code() const { return body.contains("error") ? body["error"]["code"].get<std::string>() : ""; }
    std::string text(const char* key) const { return body.at(key).get<std::string>(); }
  };

  Reply call(std::string_view method, std::string_view target, std::string_view body = {},
             std::string_view headers = {}) {
    Reply reply;
    client_->send(request(method, target, body, headers));
    reply.raw = client_->receive(method == "HEAD");
    reply.status = reply.raw.status;
    reply.body = Json::parse(reply.raw.body, nullptr, false);
    return reply;
  }
  Reply join(const std::string& user, const std::string& event = "show") {
    return call("POST", "/queue/join", Json{{"event_id", event}, {"user_id", user}}.dump(),
                "Idempotency-Key: join of " + user + "\r\n");
  }
  Reply status(const std::string& token) { return call("GET", "/queue/status?token=" + token); }
  Reply enter(const std::string& token) { return call("POST", "/queue/enter", Json{{"waiting_token", token}}.dump()); }

  // A user who has joined, whose turn has come and who has entered: the grant.
  std::string admitted(const std::string& user, const std::string& event = "show") {
    const std::string token = join(user, event).text("waiting_token");
    eventually([&] { return status(token).text("status") == "ready"; });
    return enter(token).text("reservation_token");
  }

  // With a grant and a fresh idempotency key, unless one is named.
  Reply buy(const std::string& grant, std::string_view target, const Json& body, std::string key = {}) {
    if (key.empty()) key = "key-" + std::to_string(++keys_);
    return call("POST", target, body.dump(), "Authorization: Bearer " + grant + "\r\nIdempotency-Key: " + key + "\r\n");
  }
  Reply admin(std::string_view method, std::string_view target, std::string_view body = {}) {
    return call(method, target, body, std::string("Authorization: Bearer ") + kAdminToken + "\r\n");
  }

  template <class Condition>
  void eventually(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "it never happened";
      std::this_thread::yield();
    }
  }

 private:
  std::ostringstream log_text_;
  std::unique_ptr<GatewayLog> log_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<net::RawClient> client_;
  int keys_ = 0;
};

}  // namespace tacos::gateway
