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

// "127.0.0.1:8080", "[::1]:8080", "localhost:0" or ":8080" (every IPv4 address of the machine).
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  std::string to_string() const;
};
core::Result<HostPort> parse_host_port(std::string_view text);

// Whether a host, as it stands in a URL, is this machine's loopback: localhost, 127.0.0.0/8 or ::1.
bool is_loopback(std::string_view host);

}  // namespace tacos::net
