// A transport flat out: every connection sends its next request as soon as it has its answer, as wrk does. For the CPU
// that one request costs the client, without schedule and journey.
//
//   closed_loop URL CONNECTIONS SECONDS asio|curl
//
// Prints one line of JSON: {"requests_per_sec": …, "cpu_us_per_request": …}.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/resource.h>

#include <fmt/format.h>

#include "core/clock.h"
#include "net/url.h"
#include "tacos-load/transport/asio_transport.h"
#include "tacos-load/transport/curl_transport.h"

namespace {

using namespace tacos;

class FlatOut final : public load::TransportEvents {
 public:
  FlatOut(load::Transport& transport, std::string target, std::uint32_t connections, core::Instant end)
      : transport_(transport), target_(std::move(target)), connections_(connections), end_(end) {
    request_.target = target_;
  }

  core::Instant on_time(core::Instant now) override {
    for (load::ConnectionId id = 0; id < connections_ && !begun_; ++id) send(id, now);
    begun_ = true;
    return end_;
  }
  void on_response(load::ConnectionId id, const load::Response& response) override {
    --in_flight_;
    if (response.status != 200) ++failed_;
    ++answered_;
    if (response.done < end_ && failed_ < 1000) send(id, response.done);
  }
  bool finished() const override { return begun_ && in_flight_ == 0; }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t failed() const { return failed_; }

 private:
  void send(load::ConnectionId id, core::Instant now) {
    ++in_flight_;
    transport_.send(id, request_, now + std::chrono::seconds(10));
  }

  load::Transport& transport_;
  std::string target_;
  load::Request request_;
  std::uint32_t connections_;
  core::Instant end_;
  std::uint32_t in_flight_ = 0;
  std::uint64_t answered_ = 0, failed_ = 0;
  bool begun_ = false;
};

double cpu_sec() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto sec = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return sec(use.ru_utime) + sec(use.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "usage: closed_loop URL CONNECTIONS SECONDS asio|curl\n");
    return 2;
  }
  const auto url = net::parse_url(argv[1]);
  if (!url) {
    fmt::print(stderr, "closed_loop: {}\n", url.error().message);
    return 2;
  }
  load::TransportOptions options;
  options.host = url->host;
  options.port = url->port;
  options.tls = url->tls();
  options.host_header = url->host_header();
  options.connections = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const core::SteadyClock clock;
  const load::CurlGlobal curl;
  auto transport = std::string(argv[4]) == "curl" ? load::make_curl_transport(options, clock)
                                                  : load::make_asio_transport(options, clock);
  if (!transport) {
    fmt::print(stderr, "closed_loop: {}\n", transport.error().message);
    return 3;
  }
  if (const auto opened = (*transport)->connect_all(); !opened) {
    fmt::print(stderr, "closed_loop: {}\n", opened.error().message);
    return 3;
  }
  const double seconds = std::strtod(argv[3], nullptr);
  const core::Instant start = clock.now();
  FlatOut events(**transport, url->target, options.connections,
                 start + core::Nanos(static_cast<std::int64_t>(seconds * 1e9)));
  const double cpu_before = cpu_sec();
  (*transport)->run(events);
  const double took = static_cast<double>((clock.now() - start).count()) / 1e9;
  const auto answered = static_cast<double>(events.answered());
  fmt::print("{{\"requests_per_sec\": {:.0f}, \"cpu_us_per_request\": {:.3f}, \"failed\": {}}}\n", answered / took,
             (cpu_sec() - cpu_before) * 1e6 / answered, events.failed());
  return events.failed() == 0 ? 0 : 1;
}
