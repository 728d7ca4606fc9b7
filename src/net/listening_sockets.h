#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

#include "core/result.h"
#include "net/url.h"

struct addrinfo;

namespace tacos::net {

// The sockets behind one listen address, bound, listening and not blocking: one for an address or a Unix path, several
// for a name such as localhost that stands for more than one address, a dual-stack one for every interface.
// Owns the sockets and the file of a Unix socket.
class ListeningSockets {
 public:
  ListeningSockets() = default;
  ~ListeningSockets() { close(); }
  ListeningSockets(const ListeningSockets&) = delete;
  ListeningSockets& operator=(const ListeningSockets&) = delete;

  // The error names the address, the system's reason and what to do.
  core::Result<void> open(const ListenAddress& address, int backlog);
  // With the port that the system chose when 0 was asked for.
  const ListenAddress& address() const { return address_; }
  std::span<const int> sockets() const { return sockets_; }

  // No new client finds its way here from now on, but those who are on it still arrive: a connection that is complete
  // for the client must not be reset. To be followed by a last round of accepting and close().
  void turn_away_newcomers();
  void close();

 private:
  int open_endpoint(const addrinfo& endpoint, std::uint16_t port, int backlog);
  int open_every_endpoint(const addrinfo* found, int backlog);
  core::Result<void> open_unix(int backlog);
  void remove_socket_file();

  ListenAddress address_;
  std::vector<int> sockets_;
  // The file that this object made: another program may have replaced it since.
  dev_t file_device_ = 0;
  ino_t file_number_ = 0;
  bool owns_file_ = false;
};

}  // namespace tacos::net
