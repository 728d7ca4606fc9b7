#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace tacos::net {

// An http or https address, taken apart. host is lower case and has no brackets; target is in origin form
// ("/path?query") and never empty.
struct Url {
  std::string scheme;
  std::string host;
  std::uint16_t port = 80;
  std::string target = "/";

  bool tls() const { return scheme == "https"; }
  // What a Host header says: the port only when it is not the scheme's own, an IPv6 address in brackets.
  std::string host_header() const;
};

// Takes "http://host", "https://host:8443/path?query", "http://[::1]:8080/". A fragment is dropped, since it is never
// sent. On error the message holds the text found, what is wrong and the form expected, without naming the flag: the
// caller knows it.
core::Result<Url> parse_url(std::string_view text);

// A host that stands for every interface of the machine, IPv6 and IPv4.
inline constexpr std::string_view kEveryInterface = "::";

// "127.0.0.1:8080", "[::1]:8080", "localhost:0" or ":8080", which is "[::]:8080": every interface.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  std::string to_string() const;
};
core::Result<HostPort> parse_host_port(std::string_view text);

// Where a server listens: a host and a port, or the absolute path of a Unix socket ("unix:/run/tacos/gateway.sock").
struct ListenAddress : HostPort {
  std::string unix_path = {};

  bool is_unix() const { return !unix_path.empty(); }
  // Whether only this machine's own programs can reach it.
  bool is_local() const;
  std::string to_string() const { return is_unix() ? "unix:" + unix_path : HostPort::to_string(); }
};
core::Result<ListenAddress> parse_listen_address(std::string_view text);

// Whether a host, as it stands in a URL, is this machine's loopback: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

}  // namespace tacos::net
