// An HTTP target about which everything is known: it answers 11 bytes at once, or after a fixed time of work, or not at
// all for a while, and it counts what arrived in each second since the first request. For measuring load generators.
//
//   trivial_target [--port N] [--work TIME] [--stall-at TIME] [--stall-for TIME]
//
// Prints the port when it listens. On SIGINT or SIGTERM prints one line of JSON: {"per_second": […]}.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "net/descriptor_limit.h"
#include "net/http_server.h"

namespace {

using namespace tacos;

struct Behaviour {
  core::Nanos work{0};
  core::Nanos stall_at{0};
  core::Nanos stall_for{0};
};

class Target final : public net::HttpHandler {
 public:
  Target(Behaviour behaviour, const core::Clock& clock, std::vector<std::uint64_t>& per_second)
      : behaviour_(behaviour), clock_(clock), per_second_(per_second) {
    per_second_.reserve(4096);
  }

  void handle(net::HttpExchange& exchange) override {
    const core::Instant now = clock_.now();
    if (first_ == core::Instant()) first_ = now;
    const auto second = static_cast<std::size_t>((now - first_) / std::chrono::seconds(1));
    if (second >= per_second_.size()) per_second_.resize(second + 1);
    ++per_second_[second];
    // One thread that blocks is one server: whatever arrives meanwhile queues, as arithmetic expects.
    if (behaviour_.work > core::Nanos(0)) std::this_thread::sleep_for(behaviour_.work);
    if (!stalled_ && behaviour_.stall_for > core::Nanos(0) && now - first_ >= behaviour_.stall_at) {
      stalled_ = true;
      std::this_thread::sleep_for(behaviour_.stall_for);
    }
    answer(exchange, 200);
  }
  void refuse(net::HttpExchange& exchange, net::Refusal, std::string_view) override { answer(exchange, 400); }

 private:
  static void answer(net::HttpExchange& exchange, int status) {
    net::HttpResponse response;
    response.status = status;
    response.body = R"({"ok":true})";
    exchange.respond(response);
  }

  Behaviour behaviour_;
  const core::Clock& clock_;
  std::vector<std::uint64_t>& per_second_;
  core::Instant first_;
  bool stalled_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  net::HttpServerOptions options;
  Behaviour behaviour;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const auto time = core::parse_duration(argv[i + 1]);
    if (flag == "--port") options.listen.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (flag == "--work" && time) behaviour.work = *time;
    if (flag == "--stall-at" && time) behaviour.stall_at = *time;
    if (flag == "--stall-for" && time) behaviour.stall_for = *time;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const core::SteadyClock clock;
  std::vector<std::uint64_t> per_second;
  const auto server = net::HttpServer::start(options, clock, [&](boost::asio::io_context&, unsigned) {
    return std::make_unique<Target>(behaviour, clock, per_second);
  });
  if (!server) {
    fmt::print(stderr, "trivial_target: {}\n", server.error().message);
    return 3;
  }
  fmt::print("{}\n", (*server)->address().port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->shut_down(std::chrono::seconds(1));
  fmt::print("{{\"per_second\": [{}]}}\n", fmt::join(per_second, ", "));
  return 0;
}
