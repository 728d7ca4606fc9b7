#include "tacos-gateway/http/trusted_proxies.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;
using net::PeerAddress;

constexpr unsigned kMappedBits = 96;  // before an IPv4 address in its mapped form

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<PeerAddress> parse_bare(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.empty() || text.size() >= copy.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  if (in_addr v4{}; ::inet_pton(AF_INET, copy.data(), &v4) == 1) return PeerAddress::ipv4(ntohl(v4.s_addr));
  PeerAddress::Bytes v6{};
  if (::inet_pton(AF_INET6, copy.data(), v6.data()) == 1) return PeerAddress::ipv6(v6);
  return std::nullopt;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= 5 && port <= 65'535;
}

bool bit_of(const PeerAddress::Bytes& bytes, unsigned bit) {
  return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

}  // namespace

std::optional<PeerAddress> parse_client_address(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(end + 1);
    if (!behind.empty() && (behind.front() != ':' || !is_port(behind.substr(1)))) return std::nullopt;
    const std::string_view inside = text.substr(1, end - 1);
    return inside.find(':') == std::string_view::npos ? std::nullopt : parse_bare(inside);
  }
  const std::size_t colon = text.find(':');
  const bool one_colon = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  if (!one_colon) return parse_bare(text);
  return is_port(text.substr(colon + 1)) ? parse_bare(text.substr(0, colon)) : std::nullopt;
}

Result<TrustedProxies::Network> TrustedProxies::parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_bare(text.substr(0, slash));
  if (!address) {
    return fail(
        fmt::format("'{}' is not an address or a network such as 10.0.0.0/8 or 2001:db8::/32, nor 'unix'", text));
  }
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  // As it is written: an IPv4 address in its mapped form has a prefix of 128 bits too.
  const bool short_form = text.substr(0, slash).find(':') == std::string_view::npos;
  const std::string_view digits = text.substr(slash + 1);
  const unsigned most = short_form ? 32 : 128;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const unsigned least = !short_form && address->family() == PeerAddress::Family::kIpv4 ? kMappedBits + 1 : 1;
  if (error != std::errc() || end != digits.data() + digits.size() || bits < least || bits > most) {
    return fail(fmt::format("'{}' has a prefix length of '{}'; it may be {} to {}", text, digits, least, most));
  }
  network.bits = short_form ? kMappedBits + bits : bits;
  for (unsigned bit = network.bits; bit < 128; ++bit) {
    if (bit_of(address->bytes(), bit)) {
      return fail(fmt::format("'{}' has bits set behind its prefix; write the network's first address", text));
    }
  }
  return network;
}

Result<TrustedProxies> TrustedProxies::parse(std::string_view list) {
  TrustedProxies proxies;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const std::string_view item = trimmed(list.substr(at, comma - at));
    at = comma + 1;
    if (item == "unix") {
      proxies.unix_ = true;
      continue;
    }
    auto network = parse_network(item);
    if (network.has_error()) return network.error();
    if (proxies.networks_.size() == kMaxNetworks) {
      return fail(fmt::format("there are more than {} networks; name larger ones", kMaxNetworks));
    }
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::trusts(const PeerAddress& address) const {
  if (address.is_unix()) return unix_;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.address.family() != address.family()) return false;
    const auto& ours = network.address.bytes();
    const auto& theirs = address.bytes();
    const std::size_t whole = network.bits / 8;
    if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin())) return false;
    const unsigned rest = network.bits % 8;
    return rest == 0 || ((ours[whole] ^ theirs[whole]) >> (8 - rest)) == 0;
  });
}

PeerAddress TrustedProxies::client_of(const PeerAddress& peer, const net::HttpRequest& request) const {
  if (empty() || !trusts(peer)) return peer;
  PeerAddress client = peer;
  for (std::size_t nth = 0;; ++nth) {
    const auto field = request.header_from_end("X-Forwarded-For", nth);
    if (!field) return client;
    std::string_view rest = *field;
    while (true) {
      const std::size_t comma = rest.rfind(',');
      const std::string_view item = trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      // Empty elements are none (RFC 9110 section 5.6.1.2).
      if (!item.empty()) {
        const auto address = parse_client_address(item);
        if (!address) return client;
        client = *address;
        if (!trusts(client)) return client;
      }
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
}

}  // namespace tacos::gateway
