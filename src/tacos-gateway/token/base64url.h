#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tacos::gateway {

inline constexpr std::string_view kBase64UrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Bytes that so many characters stand for; exact where decode_base64url() takes them.
constexpr std::size_t base64url_bytes(std::size_t characters) {
  return characters * 6 / 8;
}

// base64url without padding (RFC 4648, 5). `to` has room for the characters that bytes need: 8 bits each, 6 in one.
inline void encode_base64url(std::span<const unsigned char> bytes, char* to) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      *to++ = kBase64UrlAlphabet[bits >> held & 63];
    }
  }
  if (held > 0) *to = kBase64UrlAlphabet[bits << (6 - held) & 63];
}

// Requires base64url_bytes(text.size()) bytes in `to`. False for a character outside the alphabet, for a length that no
// bytes have, and for set bits beyond the last byte, which would give one text two spellings (RFC 4648, 3.5).
inline bool decode_base64url(std::string_view text, std::span<unsigned char> to) {
  static constexpr auto kReverse = [] {
    std::array<std::int8_t, 256> reverse{};
    for (auto& entry : reverse) entry = -1;
    for (std::size_t i = 0; i < kBase64UrlAlphabet.size(); ++i)
      reverse[static_cast<unsigned char>(kBase64UrlAlphabet[i])] = static_cast<std::int8_t>(i);
    return reverse;
  }();
  if (text.size() % 4 == 1) return false;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t at = 0;
  for (const char c : text) {
    const std::int8_t value = kReverse[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      to[at++] = static_cast<unsigned char>(bits >> held);
    }
  }
  return (bits & ((1u << held) - 1)) == 0;
}

}  // namespace tacos::gateway
