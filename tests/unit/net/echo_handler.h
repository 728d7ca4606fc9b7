#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "net/http_handler.h"
#include "net/http_server.h"

namespace tacos::net {

// Answers with what it was asked: at once, or for paths that begin with /later at the end of the turn, or for /never
// when the test releases it.
class EchoHandler final : public HttpHandler {
 public:
  struct Seen {
    std::atomic<int> turns{0};
    std::atomic<int> held{0};
    std::atomic<bool> release{false};
  };

  EchoHandler(boost::asio::io_context& loop, Seen& seen) : seen_(seen), release_timer_(loop) {}

  void handle(HttpExchange& exchange) override {
    const std::string_view path = exchange.request().path();
    if (path.starts_with("/later")) {
      later_.push_back(&exchange);
    } else if (path == "/held") {
      held_.push_back(&exchange);
      seen_.held.fetch_add(1);
      wait_for_release();
    } else if (path == "/peer") {
      exchange.respond({200, "text/plain", exchange.peer_address(), "", false});
    } else if (path == "/large") {
      const std::string body(8 * 1024 * 1024, 'x');
      exchange.respond({200, "text/plain", body, "", false});
    } else {
      echo(exchange);
    }
  }

  void refuse(HttpExchange& exchange, Refusal refusal, std::string_view reason) override {
    exchange.respond({status_of(refusal), "text/plain", reason, "X-Refusal: yes\r\n", true});
  }

  void end_of_turn() override {
    seen_.turns.fetch_add(1);
    std::vector<HttpExchange*> batch;
    batch.swap(later_);
    for (HttpExchange* exchange : batch) echo(*exchange);
  }

 private:
  static void echo(HttpExchange& exchange) {
    const HttpRequest& request = exchange.request();
    std::string text(name_of(request.method()));
    text.append(" ").append(request.target()).append(" ").append(request.body());
    exchange.respond({200, "text/plain", text, "", request.path() == "/close"});
  }

  void wait_for_release() {
    release_timer_.expires_after(std::chrono::milliseconds(1));
    release_timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      if (!seen_.release.load()) return wait_for_release();
      std::vector<HttpExchange*> batch;
      batch.swap(held_);
      for (HttpExchange* exchange : batch) echo(*exchange);
    });
  }

  Seen& seen_;
  std::vector<HttpExchange*> later_;
  std::vector<HttpExchange*> held_;
  boost::asio::steady_timer release_timer_;
};

}  // namespace tacos::net
