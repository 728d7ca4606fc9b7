#include "net/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

namespace tacos::net {
namespace {

using core::fail;
using core::Result;

constexpr std::string_view kUrlForm = "write it as http://host:port/path or https://host/path";

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

std::optional<std::uint16_t> parse_port(std::string_view text, std::uint16_t least) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < least) return std::nullopt;
  return port;
}

// A registered name or an IPv4 address. Letters, digits, '-', '.' and '_' (names inside container networks have it);
// international names come in their ASCII form.
bool is_host_name(std::string_view host) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), fits);
}

bool is_ipv6(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address_v6(host, error);
  return !error;
}

struct Authority {
  std::string host;
  std::optional<std::string_view> port;
};

// Splits "host:port", "[v6]:port" or "host"; what is wrong otherwise.
Result<Authority> split_authority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail("'[' has no ']'");
    authority.host = lower_case(text.substr(1, close - 1));
    if (!is_ipv6(authority.host)) return fail(fmt::format("'{}' is not an IPv6 address", authority.host));
    rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return fail("only a port may follow ']'");
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return fail("it has more than one ':'; an IPv6 address goes in brackets");
    }
    authority.host = lower_case(text.substr(0, colon));
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (rest.starts_with(':')) authority.port = rest.substr(1);
  return authority;
}

bool has_bytes_no_url_has(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == 0x7f || c == '\\'; });
}

}  // namespace

std::string Url::host_header() const {
  const bool default_port = port == (tls() ? 443 : 80);
  const std::string shown = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return default_port ? shown : fmt::format("{}:{}", shown, port);
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("'{}' is not a URL that can be called: {}; {}", text, what, kUrlForm));
  };
  if (text.empty()) return wrong("it is empty");
  if (has_bytes_no_url_has(text)) return wrong("it has a space, a backslash or a control character");

  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return wrong("the scheme is missing");
  Url url;
  url.scheme = lower_case(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") {
    return wrong(fmt::format("the scheme is '{}', only http and https are known", url.scheme));
  }

  std::string_view rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t target_at = std::min(rest.find('/'), rest.find('?'));
  const std::string_view authority_text = rest.substr(0, target_at);
  if (authority_text.find('@') != std::string_view::npos) return wrong("user names and passwords are not taken");

  auto authority = split_authority(authority_text);
  if (authority.has_error()) return wrong(authority.error().message);
  url.host = std::move(authority->host);
  if (url.host.empty()) return wrong("the host is missing");
  if (!authority_text.starts_with('[') && !is_host_name(url.host)) {
    return wrong(fmt::format("'{}' is not a host name", url.host));
  }
  url.port = url.tls() ? 443 : 80;
  // An empty port is the default one (RFC 3986, section 3.2.3).
  if (authority->port && !authority->port->empty()) {
    const auto port = parse_port(*authority->port, 1);
    if (!port) return wrong(fmt::format("the port is '{}', it may be 1 to 65535", *authority->port));
    url.port = *port;
  }
  if (target_at != std::string_view::npos) {
    url.target = rest.substr(target_at);
    if (url.target.front() == '?') url.target.insert(0, "/");
  }
  return url;
}

std::string HostPort::to_string() const {
  return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return fail(
        fmt::format("'{}' is not an address to listen on: {}; write it as host:port, such as 127.0.0.1:8080, "
                    "[::1]:8080 or :8080 (every interface)",
                    text, what));
  };
  auto authority = split_authority(text);
  if (authority.has_error()) return wrong(authority.error().message);
  if (!authority->port) return wrong("the port is missing");
  const auto port = parse_port(*authority->port, 0);
  if (!port) return wrong(fmt::format("the port is '{}', it may be 0 to 65535", *authority->port));
  if (authority->host.empty()) return HostPort{std::string(kEveryInterface), *port};
  if (!text.starts_with('[') && !is_host_name(authority->host)) {
    return wrong(fmt::format("'{}' is not a host name", authority->host));
  }
  return HostPort{std::move(authority->host), *port};
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  static constexpr std::string_view kUnix = "unix:";
  ListenAddress address;
  if (text.starts_with(kUnix)) {
    address.unix_path = text.substr(kUnix.size());
    if (!address.unix_path.starts_with('/') || address.unix_path.ends_with('/')) {
      return fail(fmt::format(
          "'{}' is not an address to listen on: a socket needs an absolute path, such as unix:/run/tacos/gateway.sock",
          text));
    }
    return address;
  }
  auto parsed = parse_host_port(text);
  if (parsed.has_error()) return parsed.error();
  static_cast<HostPort&>(address) = std::move(*parsed);
  return address;
}

bool ListenAddress::is_local() const {
  return is_unix() || is_loopback(host);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace tacos::net
