#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tacos::redis {

// Where one Redis listens: a host and port, or a unix socket.
struct RedisAddress {
  std::string host;  // lower case, an IPv6 address without its brackets
  std::uint16_t port = 6379;
  std::string unix_path;  // when not empty, host and port mean nothing

  std::string to_string() const;
  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

// Which Redis to use, as written by an operator.
struct RedisUrl {
  std::vector<RedisAddress> addresses;  // one; with cluster: the nodes to ask first
  bool cluster = false;
  bool tls = false;
  std::string user;      // empty: the default user
  std::string password;  // empty: none is sent
  int database = 0;
  std::string ca_file;    // PEM; empty: the system's certificate authorities
  bool insecure = false;  // TLS without checking who answers

  // What may stand in a log: no password.
  std::string to_string() const;
};

// Takes
//   redis://[user[:password]@]host[:port][/database]
//   redis+cluster://[user[:password]@]host[:port][,host[:port]…]
//   unix://[user[:password]@]/path[?database=N]
// rediss:// and rediss+cluster:// speak TLS and know the options ca_file=FILE and insecure=1. "redis://:secret@host" is
// the default user's password. Users, passwords and files may hold percent-encoded bytes. Errors never repeat what
// stands before the '@', since it may be a password.
core::Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace tacos::redis
