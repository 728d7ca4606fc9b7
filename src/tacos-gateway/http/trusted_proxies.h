#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/http_request.h"
#include "net/peer_address.h"

namespace tacos::gateway {

// "203.0.113.7", "203.0.113.7:4711", "2001:db8::1" or "[2001:db8::1]:4711", as proxies write it. Allocates nothing.
std::optional<net::PeerAddress> parse_client_address(std::string_view text);

// The proxies whose word about the client is taken, and who the client of a request then is. Immutable, any thread.
class TrustedProxies {
 public:
  static constexpr std::size_t kMaxNetworks = 64;

  // None: every client is who the connection says.
  TrustedProxies() = default;
  // "10.0.0.0/8,2001:db8::/32,192.0.2.7,unix": networks, addresses, and clients of a Unix socket.
  static core::Result<TrustedProxies> parse(std::string_view list);

  bool empty() const { return networks_.empty() && !unix_; }
  bool trusts(const net::PeerAddress& address) const;

  // Behind a trusted peer: the right-most address of X-Forwarded-For that is not trusted itself, since each proxy
  // appends the peer it saw and only what the trusted ones appended can be believed. Where that is no address: the
  // proxy that said so. Several fields of the name are one list (RFC 9110, 5.3). Allocates nothing.
  net::PeerAddress client_of(const net::PeerAddress& peer, const net::HttpRequest& request) const;

 private:
  struct Network {
    net::PeerAddress address;
    unsigned bits = 128;  // of the 16 bytes, an IPv4 address in its mapped form
  };
  static core::Result<Network> parse_network(std::string_view text);

  std::vector<Network> networks_;
  bool unix_ = false;
};

}  // namespace tacos::gateway
