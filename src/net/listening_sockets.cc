#include "net/listening_sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/filter.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace tacos::net {
namespace {

using core::fail;
using core::Result;

// The owner and the group may connect: a proxy's user joins the group.
constexpr mode_t kSocketMode = 0660;
// A name's addresses share a port; when the system chooses it for the first, the others may find it taken.
constexpr int kPortTries = 8;
// Answers that a client does not take wait here rather than in the kernel without end. More than a round trip's worth.
constexpr int kMaxUnsentBytes = 64 * 1024;

core::Error cannot_listen(const ListenAddress& address, int error) {
  std::string_view next_step = "choose another address or port";
  if (error == EADDRINUSE) {
    next_step = address.is_unix() ? "stop the program that uses it or choose another path"
                                  : "stop the program that uses it or choose another port";
  } else if (address.is_unix()) {
    next_step = "name a path in a directory that this program may write to";
  } else if (error == EACCES) {
    next_step = "ports below 1024 need privileges: choose a higher one";
  }
  return fail(fmt::format("cannot listen on {}: {}; {}", address.to_string(), std::system_category().message(error),
                          next_step));
}

// Whether this machine simply has no such address family, or none of its addresses.
bool is_missing_family(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

bool same_endpoint(const addrinfo& a, const addrinfo& b) {
  return a.ai_addrlen == b.ai_addrlen && std::memcmp(a.ai_addr, b.ai_addr, a.ai_addrlen) == 0;
}

// Whether a program still listens there; a socket file without one is left over from a program that was killed.
bool is_answered(const sockaddr_un& name) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return true;
  const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  const bool refused = connected != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return !refused;
}

}  // namespace

Result<void> ListeningSockets::open(const ListenAddress& address, int backlog) {
  address_ = address;
  if (address.is_unix()) return open_unix(backlog);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int unresolved = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
  if (unresolved != 0) {
    return fail(fmt::format("cannot listen on {}: {}; name an address of this machine", address.to_string(),
                            ::gai_strerror(unresolved)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> endpoints(found, &::freeaddrinfo);
  int error = 0;
  for (int attempt = 0; attempt < kPortTries; ++attempt) {
    error = open_every_endpoint(endpoints.get(), backlog);
    if (error == 0 || address.port != 0) break;
  }
  if (error == 0) return {};
  // A machine without IPv6 still has every IPv4 interface.
  if (address.host == kEveryInterface && is_missing_family(error)) {
    ListenAddress v4 = address;
    v4.host = "0.0.0.0";
    return open(v4, backlog);
  }
  return cannot_listen(address_, error);
}

// Opens all that this machine has; the first failure of another kind closes them again. 0, or the error.
int ListeningSockets::open_every_endpoint(const addrinfo* found, int backlog) {
  int missing = EADDRNOTAVAIL;
  std::uint16_t port = address_.port;
  for (const addrinfo* endpoint = found; endpoint != nullptr; endpoint = endpoint->ai_next) {
    bool seen = false;
    for (const addrinfo* before = found; before != endpoint; before = before->ai_next) {
      seen = seen || same_endpoint(*before, *endpoint);
    }
    if (seen) continue;
    const int socket = open_endpoint(*endpoint, port, backlog);
    if (socket >= 0) {
      sockets_.push_back(socket);
      if (port == 0) port = port_of(socket);
    } else if (is_missing_family(errno)) {
      missing = errno;
    } else {
      const int error = errno;
      close();
      return error;
    }
  }
  if (sockets_.empty()) return missing;
  address_.port = port;
  return 0;
}

// The descriptor, or -1 with errno.
int ListeningSockets::open_endpoint(const addrinfo& endpoint, std::uint16_t port, int backlog) {
  const int socket = ::socket(endpoint.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (socket < 0) return -1;
  sockaddr_storage name{};
  std::memcpy(&name, endpoint.ai_addr, endpoint.ai_addrlen);
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(name).sin6_port = htons(port);
    const bool every_interface = address_.host == kEveryInterface;
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, every_interface ? &off : &on, sizeof on);
  } else {
    reinterpret_cast<sockaddr_in&>(name).sin_port = htons(port);
  }
  // Accepted sockets inherit these.
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMaxUnsentBytes, sizeof kMaxUnsentBytes);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&name), endpoint.ai_addrlen) == 0 &&
      ::listen(socket, backlog) == 0) {
    return socket;
  }
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

Result<void> ListeningSockets::open_unix(int backlog) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address_.unix_path.size() >= sizeof name.sun_path) {
    return fail(fmt::format("cannot listen on {}: the path has {} bytes, it may have {} at most; choose a shorter one",
                            address_.to_string(), address_.unix_path.size(), sizeof name.sun_path - 1));
  }
  address_.unix_path.copy(name.sun_path, sizeof name.sun_path - 1);
  struct stat file {};
  if (::lstat(name.sun_path, &file) == 0) {
    if (!S_ISSOCK(file.st_mode)) {
      return fail(
          fmt::format("cannot listen on {}: there is a file that is no socket; remove it or choose another path",
                      address_.to_string()));
    }
    if (is_answered(name)) return cannot_listen(address_, EADDRINUSE);
    ::unlink(name.sun_path);
  }
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return cannot_listen(address_, errno);
  // Before bind() the file is never open to more than it should be; the umask may still take rights away.
  ::fchmod(socket, kSocketMode);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::chmod(name.sun_path, kSocketMode) != 0 || ::lstat(name.sun_path, &file) != 0 ||
      ::listen(socket, backlog) != 0) {
    const int error = errno;
    ::close(socket);
    return cannot_listen(address_, error);
  }
  sockets_.push_back(socket);
  file_device_ = file.st_dev;
  file_number_ = file.st_ino;
  owns_file_ = true;
  return {};
}

void ListeningSockets::turn_away_newcomers() {
  remove_socket_file();
  if (address_.is_unix()) return;
  // Drops the segments that would begin a connection (SYN without ACK, RFC 9293 section 3.1: the flags are byte 13 of
  // the header); such a client tries again a second later and is refused then.
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),          BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  const sock_fprog filter{sizeof program / sizeof program[0], program};
  for (const int socket : sockets_) ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void ListeningSockets::close() {
  remove_socket_file();
  for (const int socket : sockets_) ::close(socket);
  sockets_.clear();
}

void ListeningSockets::remove_socket_file() {
  if (!owns_file_) return;
  owns_file_ = false;
  struct stat file {};
  if (::lstat(address_.unix_path.c_str(), &file) == 0 && file.st_dev == file_device_ && file.st_ino == file_number_) {
    ::unlink(address_.unix_path.c_str());
  }
}

}  // namespace tacos::net
