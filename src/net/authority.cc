#include "net/authority.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include "net/character_class.h"

namespace tacos::net {
namespace {

constexpr unsigned kMaxPort = 65'535;

bool is_port(std::string_view text) {
  unsigned port = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > kMaxPort) return false;
  }
  return true;
}

// A code of a delimiter or a control would mean something to whoever decodes the name.
bool is_harmless_code(int byte) {
  const char c = static_cast<char>(byte);
  return byte > 0x7f || is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_registered_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0 || !is_harmless_code(high * 16 + low)) return false;
      i += 2;
    } else if (!is_host_char(text[i])) {
      return false;
    }
  }
  return !text.empty();
}

bool is_ipv6_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return false;
  std::copy(text.begin(), text.end(), copy.begin());
  in6_addr parsed;
  // A NUL in text would end the copy early.
  return text.find('\0') == std::string_view::npos && ::inet_pton(AF_INET6, copy.data(), &parsed) == 1;
}

// IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )
bool is_future_address(std::string_view text) {
  if (text.empty() || (text[0] != 'v' && text[0] != 'V')) return false;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 1 || dot + 1 == text.size()) return false;
  const std::string_view version = text.substr(1, dot - 1);
  const std::string_view rest = text.substr(dot + 1);
  return std::all_of(version.begin(), version.end(), [](char c) { return hex_value(c) >= 0; }) &&
         std::all_of(rest.begin(), rest.end(), [](char c) { return is_host_char(c) || c == ':'; });
}

}  // namespace

bool is_authority(std::string_view text) {
  std::size_t host_end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view literal = text.substr(1, close - 1);
    if (!is_ipv6_address(literal) && !is_future_address(literal)) return false;
    host_end = close + 1;
  } else if (!is_registered_name(text.substr(0, host_end))) {
    return false;
  }
  if (host_end == std::string_view::npos || host_end == text.size()) return true;
  return text[host_end] == ':' && is_port(text.substr(host_end + 1));
}

bool has_whole_percent_codes(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) return false;
  }
  return true;
}

}  // namespace tacos::net
