#include "redis/redis_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

namespace tacos::redis {
namespace {

using core::fail;
using core::Result;

constexpr std::string_view kUrlForm =
    "write it as redis://[user[:password]@]host[:port][/database], redis+cluster://host:port,host:port or unix:///path "
    "(rediss:// and rediss+cluster:// for TLS)";
constexpr int kMostDatabases = 16384;

struct Scheme {
  std::string_view name;
  bool cluster = false;
  bool tls = false;
};
constexpr Scheme kSchemes[] = {{"redis", false, false},
                               {"rediss", false, true},
                               {"redis+cluster", true, false},
                               {"rediss+cluster", true, true},
                               {"unix", false, false}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::optional<int> parse_number(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) return std::nullopt;
  return number;
}

// RFC 3986, 2.1. Nothing when a '%' has no two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    at += 2;
  }
  return plain;
}

bool is_host_name(std::string_view host) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), fits);
}

Result<RedisAddress> parse_address(std::string_view text) {
  RedisAddress address;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail("'[' has no ']'");
    address.host = lower_case(text.substr(1, close - 1));
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(address.host, error);
    if (error) return fail(fmt::format("'{}' is not an IPv6 address", address.host));
    rest = text.substr(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) return fail("only a port may follow ']'");
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      return fail("it has more than one ':'; an IPv6 address goes in brackets");
    }
    address.host = lower_case(text.substr(0, colon));
    if (address.host.empty()) return fail("the host is missing");
    if (!is_host_name(address.host)) return fail(fmt::format("'{}' is not a host name", address.host));
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (rest.size() > 1) {
    const auto port = parse_number(rest.substr(1), 1, 65535);
    if (!port) return fail(fmt::format("the port is '{}', it may be 1 to 65535", rest.substr(1)));
    address.port = static_cast<std::uint16_t>(*port);
  }
  return address;
}

// Each part takes its own out of the text and says what is wrong with it, or nothing.
using Fault = std::optional<std::string>;

Fault take_credentials(std::string_view text, RedisUrl& url) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = percent_decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || !password) return "a '%' before the '@' has no two hexadecimal digits behind it";
  if (password->empty()) return "there is a '@' but no password before it";
  url.user = *user;
  url.password = *password;
  return std::nullopt;
}

Fault take_database(std::string_view text, RedisUrl& url) {
  const auto number = parse_number(text, 0, kMostDatabases - 1);
  if (!number) return fmt::format("the database is '{}', it may be 0 to {}", text, kMostDatabases - 1);
  if (url.cluster && *number != 0) return "a cluster has only database 0";
  url.database = *number;
  return std::nullopt;
}

Fault take_option(std::string_view text, RedisUrl& url) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto value = percent_decoded(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (!value) return fmt::format("a '%' in the option '{}' has no two hexadecimal digits behind it", name);
  const bool for_tls = name == "ca_file" || name == "insecure";
  if (for_tls && !url.tls) return fmt::format("the option '{}' needs TLS, which rediss:// has", name);
  if (name == "database" && !url.addresses.empty() && !url.addresses.front().unix_path.empty()) {
    return take_database(*value, url);
  }
  if (name == "ca_file" && !value->empty()) {
    url.ca_file = *value;
  } else if (name == "insecure" && (*value == "1" || *value == "0")) {
    url.insecure = *value == "1";
  } else {
    return fmt::format("the option is '{}', it may be ca_file=FILE, insecure=1 or, of unix://, database=N", text);
  }
  return std::nullopt;
}

Fault take_options(std::string_view text, RedisUrl& url) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    if (auto fault = take_option(text.substr(0, end), url)) return fault;
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return std::nullopt;
}

Fault take_hosts(std::string_view text, RedisUrl& url) {
  const std::size_t slash = text.find('/');
  std::string_view hosts = text.substr(0, slash);
  if (!url.cluster && hosts.find(',') != std::string_view::npos) {
    return "there are several hosts, which only redis+cluster:// takes";
  }
  for (;;) {
    const std::size_t comma = hosts.find(',');
    auto address = parse_address(hosts.substr(0, comma));
    if (address.has_error()) return address.error().message;
    url.addresses.push_back(std::move(*address));
    if (comma == std::string_view::npos) break;
    hosts = hosts.substr(comma + 1);
  }
  if (slash == std::string_view::npos || slash + 1 == text.size()) return std::nullopt;
  return take_database(text.substr(slash + 1), url);
}

Fault take_unix_path(std::string_view text, RedisUrl& url) {
  constexpr std::size_t kLongestPath = 107;  // sockaddr_un, without its terminator
  const auto path = percent_decoded(text);
  if (!path || !path->starts_with('/') || path->size() < 2) return "the path of the socket is missing";
  if (path->size() > kLongestPath) return fmt::format("the path of the socket is longer than {} bytes", kLongestPath);
  RedisAddress address;
  address.unix_path = *path;
  url.addresses.push_back(std::move(address));
  return std::nullopt;
}

}  // namespace

std::string RedisAddress::to_string() const {
  if (!unix_path.empty()) return unix_path;
  return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string RedisUrl::to_string() const {
  const bool is_unix = !addresses.empty() && !addresses.front().unix_path.empty();
  std::string text = is_unix ? "unix" : tls ? "rediss" : "redis";
  if (cluster) text += "+cluster";
  text += "://";
  if (!password.empty()) text += user + ":***@";
  for (const RedisAddress& address : addresses) {
    if (&address != &addresses.front()) text += ',';
    text += address.to_string();
  }
  if (database != 0) text += is_unix ? fmt::format("?database={}", database) : fmt::format("/{}", database);
  return text;
}

Result<RedisUrl> parse_redis_url(std::string_view text) {
  std::string shown(text);
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("'{}' is no Redis that can be called: {}; {}", shown, what, kUrlForm));
  };
  if (text.empty()) return wrong("it is empty");
  const std::size_t scheme_end = text.find("://");
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::size_t from = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
    shown = fmt::format("{}***{}", text.substr(0, std::min(from, at)), text.substr(at));
  }
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f || c == '\\'; })) {
    shown = "***";
    return wrong("it has a space, a backslash or a control character");
  }
  if (scheme_end == std::string_view::npos) return wrong("the scheme is missing");
  const std::string scheme_name = lower_case(text.substr(0, scheme_end));
  const auto scheme = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                   [&](const Scheme& known) { return known.name == scheme_name; });
  if (scheme == std::end(kSchemes)) return wrong(fmt::format("the scheme is '{}'", scheme_name));

  RedisUrl url;
  url.cluster = scheme->cluster;
  url.tls = scheme->tls;
  std::string_view rest = text.substr(scheme_end + 3);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (const auto fault = take_credentials(rest.substr(0, at), url)) return wrong(*fault);
    rest = rest.substr(at + 1);
  }
  const std::size_t question = rest.find('?');
  const std::string_view place = rest.substr(0, question);
  if (const auto fault = scheme->name == "unix" ? take_unix_path(place, url) : take_hosts(place, url)) {
    return wrong(*fault);
  }
  if (question != std::string_view::npos) {
    if (const auto fault = take_options(rest.substr(question + 1), url)) return wrong(*fault);
  }
  return url;
}

}  // namespace tacos::redis
