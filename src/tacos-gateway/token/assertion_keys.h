#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tacos::gateway {

// A key by which the site's assertions are checked. The key decides the algorithm, never the token.
struct AssertionKey {
  enum class Algorithm : std::uint8_t {
    kEdDsa,  // Ed25519 (RFC 8037): bytes is the public key, 32 bytes
    kHs256,  // HMAC with SHA-256 (RFC 7518, 3.2): bytes is the shared secret, 32 bytes at least
  };

  Algorithm algorithm = Algorithm::kEdDsa;
  std::string kid;  // empty: the key has no name and may check any token
  std::vector<unsigned char> bytes;

  bool secret() const { return algorithm == Algorithm::kHs256; }
};

inline constexpr std::size_t kMaxAssertionKeys = 16;
inline constexpr std::size_t kMaxAssertionKeyFileBytes = 64 * 1024;
inline constexpr std::size_t kMaxKidBytes = 128;

// Reads the text of a key file:
//   hs256 HEX [kid=NAME]          a shared secret, 64 to 1024 hexadecimal digits
//   kid=NAME                      names the key of the PEM block that follows
//   -----BEGIN PUBLIC KEY-----    an Ed25519 public key (RFC 8410), as 'openssl pkey -pubout' writes it
// Empty lines, and lines that begin with '#', are passed over. The message names the line and never holds a secret.
core::Result<std::vector<AssertionKey>> parse_assertion_keys(std::string_view text);

// The same from a file, which must be a regular one, not writable by others, and, when it holds a secret, not
// readable by others.
core::Result<std::vector<AssertionKey>> read_assertion_keys(const std::string& path);

}  // namespace tacos::gateway
