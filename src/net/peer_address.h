#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

struct sockaddr_storage;

namespace tacos::net {

// The other end of a connection, as the kernel told it when the connection was accepted. A plain value: to copy,
// compare and hash it costs no allocation. An IPv4 client of a dual-stack socket is an IPv4 client here.
class PeerAddress {
 public:
  enum class Family : std::uint8_t { kUnknown, kIpv4, kIpv6, kUnix };
  using Bytes = std::array<std::uint8_t, 16>;

  PeerAddress() = default;
  static PeerAddress ipv4(std::uint32_t host_order);
  static PeerAddress ipv6(const Bytes& network_order);
  static PeerAddress unix_socket();
  // From what accept() filled; size 0 or an unknown family give kUnknown.
  static PeerAddress from_socket(const sockaddr_storage& address, std::size_t size);

  Family family() const { return family_; }
  // In network order, an IPv4 address in its mapped form ::ffff:a.b.c.d; zero for the other families.
  const Bytes& bytes() const { return bytes_; }
  // 127.0.0.0/8 or ::1.
  bool is_loopback() const;
  bool is_unix() const { return family_ == Family::kUnix; }
  // What limits count by: an IPv4 address itself, an IPv6 address's /64, which is what one subscriber is given.
  PeerAddress network() const;
  // "203.0.113.7", "2001:db8::1", "unix", or "" when unknown. Allocates: not for the hot path.
  std::string to_string() const;

  friend bool operator==(const PeerAddress&, const PeerAddress&) = default;

 private:
  PeerAddress(Family family, const Bytes& bytes) : bytes_(bytes), family_(family) {}

  Bytes bytes_{};
  Family family_ = Family::kUnknown;
};

}  // namespace tacos::net
