#pragma once

#include <string_view>

namespace tacos::net {

// The character classes of RFC 9110 section 5.6 and RFC 3986 section 2, for one byte of a message.

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_alpha(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// The value of a hexadecimal digit, -1 for another byte.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// tchar: methods, field names, chunk extensions.
constexpr bool is_token_char(char c) {
  return is_alpha(c) || is_digit(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// field-vchar, SP and HTAB: what may stand in a field's value. Bytes above 127 are obs-text.
constexpr bool is_field_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// unreserved and sub-delims of RFC 3986, without the comma: it would hide two Host fields that were joined on the way.
constexpr bool is_host_char(char c) {
  return is_alpha(c) || is_digit(c) ||
         (c != '\0' && std::string_view("-._~!$&'()*+;=").find(c) != std::string_view::npos);
}

}  // namespace tacos::net
