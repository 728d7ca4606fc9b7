#include "net/peer_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tacos::net {
namespace {

// ::ffff:0:0/96, RFC 4291 section 2.5.5.2.
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

PeerAddress PeerAddress::ipv4(std::uint32_t host_order) {
  Bytes bytes{};
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
  for (std::size_t i = 0; i < 4; ++i) bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return {Family::kIpv4, bytes};
}

PeerAddress PeerAddress::ipv6(const Bytes& network_order) {
  const bool mapped = std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), network_order.begin());
  return {mapped ? Family::kIpv4 : Family::kIpv6, network_order};
}

PeerAddress PeerAddress::unix_socket() {
  return {Family::kUnix, {}};
}

PeerAddress PeerAddress::from_socket(const sockaddr_storage& address, std::size_t size) {
  if (size < sizeof(sa_family_t)) return {};
  if (address.ss_family == AF_UNIX) return unix_socket();
  if (address.ss_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return ipv4(ntohl(in.sin_addr.s_addr));
  }
  if (address.ss_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    Bytes bytes;
    std::memcpy(bytes.data(), in.sin6_addr.s6_addr, bytes.size());
    return ipv6(bytes);
  }
  return {};
}

bool PeerAddress::is_loopback() const {
  if (family_ == Family::kIpv4) return bytes_[12] == 127;
  return family_ == Family::kIpv6 && bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

PeerAddress PeerAddress::network() const {
  if (family_ != Family::kIpv6) return *this;
  PeerAddress network = *this;
  std::fill(network.bytes_.begin() + 8, network.bytes_.end(), std::uint8_t{0});
  return network;
}

std::string PeerAddress::to_string() const {
  if (family_ == Family::kUnix) return "unix";
  if (family_ == Family::kUnknown) return {};
  char text[INET6_ADDRSTRLEN];
  const bool v4 = family_ == Family::kIpv4;
  const void* from = v4 ? bytes_.data() + 12 : bytes_.data();
  return ::inet_ntop(v4 ? AF_INET : AF_INET6, from, text, sizeof text) == nullptr ? std::string() : std::string(text);
}

}  // namespace tacos::net
