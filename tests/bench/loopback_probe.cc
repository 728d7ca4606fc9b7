// What one request costs on this machine when nobody waits: blocking sockets, one after the other, ask a target and
// time each answer. The plainest client there is, so that what a load generator adds can be told from what the machine
// takes. As many connections as the generator has, since a connection that was not used lately costs more.
//
//   loopback_probe PORT REQUESTS INTERVAL CONNECTIONS
//
// Prints one line of JSON: the times in nanoseconds, in the order of the requests.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/clock.h"
#include "core/units.h"
#include "net/descriptor_limit.h"

namespace {

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr std::string_view kEnd = R"({"ok":true})";

int connected(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  return socket;
}

bool ask(int socket) {
  if (::send(socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return false;
  char answer[4096];
  std::size_t size = 0;
  while (std::string_view(answer, size).find(kEnd) == std::string_view::npos) {
    const ssize_t more = ::recv(socket, answer + size, sizeof answer - size, 0);
    if (more <= 0) return false;
    size += static_cast<std::size_t>(more);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tacos;
  const auto interval = core::parse_duration(argc == 5 ? argv[3] : "");
  if (!interval) {
    fmt::print(stderr, "usage: loopback_probe PORT REQUESTS INTERVAL CONNECTIONS\n");
    return 2;
  }
  net::raise_descriptor_limit();
  std::vector<int> sockets;
  for (int i = 0; i < std::max(1, std::atoi(argv[4])); ++i) {
    sockets.push_back(connected(argv[1]));
    if (sockets.back() < 0) {
      fmt::print(stderr, "loopback_probe: cannot connect to port {}\n", argv[1]);
      return 3;
    }
  }
  const core::SteadyClock clock;
  std::vector<std::int64_t> times;
  core::Instant due = clock.now();
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::atoi(argv[2])); ++i) {
    due += *interval;
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(due.since_origin()));
    const core::Instant sent = clock.now();
    if (!ask(sockets[i % sockets.size()])) {
      fmt::print(stderr, "loopback_probe: the target hung up\n");
      return 3;
    }
    times.push_back((clock.now() - sent).count());
  }
  for (const int socket : sockets) ::close(socket);
  fmt::print("{{\"round_trip_ns\": [{}]}}\n", fmt::join(times, ", "));
  return 0;
}
