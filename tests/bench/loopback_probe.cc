// What one request costs on this machine when nobody waits: a blocking socket asks a target again and again and times
// each answer. The plainest client there is, so that what a load generator adds can be told from what the machine takes.
//
//   loopback_probe PORT REQUESTS INTERVAL
//
// Prints one line of JSON: the times in nanoseconds, in the order of the requests.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/clock.h"
#include "core/units.h"

int main(int argc, char** argv) {
  using namespace tacos;
  const auto interval = core::parse_duration(argc == 4 ? argv[3] : "");
  if (!interval) {
    fmt::print(stderr, "usage: loopback_probe PORT REQUESTS INTERVAL\n");
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fmt::print(stderr, "loopback_probe: cannot connect to port {}\n", argv[1]);
    return 3;
  }
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  constexpr std::string_view kEnd = R"({"ok":true})";
  const core::SteadyClock clock;
  std::vector<std::int64_t> times;
  char answer[4096];
  core::Instant due = clock.now();
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    due += *interval;
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(due.since_origin()));
    const core::Instant sent = clock.now();
    if (::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return 3;
    std::size_t size = 0;
    while (std::string_view(answer, size).find(kEnd) == std::string_view::npos) {
      const ssize_t more = ::recv(socket, answer + size, sizeof answer - size, 0);
      if (more <= 0) {
        fmt::print(stderr, "loopback_probe: the target hung up\n");
        return 3;
      }
      size += static_cast<std::size_t>(more);
    }
    times.push_back((clock.now() - sent).count());
  }
  ::close(socket);
  fmt::print("{{\"round_trip_ns\": [{}]}}\n", fmt::join(times, ", "));
  return 0;
}
