#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/token/assertion_keys.h"

namespace tacos::gateway {

// Why an assertion is not believed.
enum class AssertionRefusal : std::uint8_t {
  kNone,
  kTooLong,
  kNotCompact,       // not three parts of canonical base64url
  kBadHeader,        // the header is no JSON object of distinct members, or has none that names the algorithm
  kExtension,        // crit, b64, cty and the like: nothing that changes the meaning is understood
  kAlgorithm,        // not the algorithm of the key
  kUnknownKey,       // a kid that no key has
  kSignature,        // no key made this signature
  kBadClaims,        // the payload is no JSON object of distinct members, or a claim is of the wrong type
  kNoSubject,        // no sub, or not 1 to 128 bytes
  kNoExpiry,         // no exp
  kNoEvent,          // no event
  kExpired,          // exp is not in the future
  kNotYet,           // nbf or iat is in the future, beyond the leeway
  kAnotherEvent,     // the event is not the one that is joined
  kAnotherAudience,  // aud names others, or this gateway has no name
};
inline constexpr std::size_t kAssertionRefusalCount = 16;

// As the label of a counter, and as words for who sent it.
std::string_view name_of(AssertionRefusal refusal);
std::string_view words_of(AssertionRefusal refusal);

class StrictJson;

// Checks the signature of a JWS in compact serialization (RFC 7515, 7.1) by a fixed set of keys. The algorithm is the
// key's: a token that names another is refused before anything is computed (RFC 8725, 3.1).
//
// Thread rule: one per thread. HS256 allocates nothing after the first; for EdDSA OpenSSL makes a context each time.
class JwsVerifier {
 public:
  static constexpr std::size_t kMaxBytes = 4096;

  // keys: at least one. Fails only when the crypto library does.
  static core::Result<std::unique_ptr<JwsVerifier>> make(std::span<const AssertionKey> keys);
  ~JwsVerifier();

  // kNone when one of the keys signed the text; payload() is then what it signed. Hostile input is expected.
  AssertionRefusal verify(std::string_view compact);
  // Decoded; valid until the next verify(). StrictJson::kPadding readable bytes follow it.
  std::string_view payload() const { return payload_; }

 private:
  class Key;
  JwsVerifier();
  AssertionRefusal read_header(std::string_view encoded);
  AssertionRefusal check_signature(std::string_view signed_text, std::span<const unsigned char> signature);

  std::vector<std::unique_ptr<Key>> keys_;
  std::unique_ptr<StrictJson> header_;
  std::vector<unsigned char> header_bytes_;
  std::vector<unsigned char> payload_bytes_;
  std::string_view payload_;
  // What the header says; valid until the header is read over.
  std::string_view algorithm_;
  std::string_view kid_;
};

}  // namespace tacos::gateway
