#include "tacos-gateway/token/jws_verifier.h"

#include <algorithm>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tacos-gateway/token/base64url.h"
#include "tacos-gateway/token/strict_json.h"

namespace tacos::gateway {
namespace {

using Bytes = std::span<const unsigned char>;

constexpr std::size_t kMostSignatureBytes = 64;

// What would change how the token is read or by which key it is checked. The operator alone decides on both.
constexpr std::array<const char*, 9> kExtensions{"crit", "b64", "cty", "zip", "enc", "jku", "jwk", "x5u", "x5c"};

bool is_jwt(std::string_view type) {  // RFC 7519, 5.1: by custom in upper case, compared without
  return type.size() == 3 && (type[0] | 0x20) == 'j' && (type[1] | 0x20) == 'w' && (type[2] | 0x20) == 't';
}

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

std::string_view name_of(AssertionRefusal refusal) {
  static constexpr std::array<std::string_view, kAssertionRefusalCount> kNames{
      "none",        "too_long",  "not_compact",   "bad_header",      "extension", "algorithm",
      "unknown_key", "signature", "bad_claims",    "no_subject",      "no_expiry", "no_event",
      "expired",     "not_yet",   "another_event", "another_audience"};
  return kNames[static_cast<std::size_t>(refusal)];
}

std::string_view words_of(AssertionRefusal refusal) {
  switch (refusal) {
    case AssertionRefusal::kNone:
      break;
    case AssertionRefusal::kTooLong:
      return "the assertion is longer than 4096 bytes";
    case AssertionRefusal::kNotCompact:
      return "the assertion is not three parts of base64url without padding, joined by dots";
    case AssertionRefusal::kBadHeader:
      return "the assertion's header is no JSON object with an alg, a typ of JWT if any, and no member twice";
    case AssertionRefusal::kExtension:
      return "the assertion's header asks for what this gateway does not do, such as crit, b64, cty or jwk";
    case AssertionRefusal::kAlgorithm:
      return "the assertion's alg is not that of this gateway's key";
    case AssertionRefusal::kUnknownKey:
      return "the assertion's kid names no key of this gateway";
    case AssertionRefusal::kSignature:
      return "the assertion's signature does not hold";
    case AssertionRefusal::kBadClaims:
      return "the assertion's claims are no JSON object, or have one twice or of the wrong type";
    case AssertionRefusal::kNoSubject:
      return "the assertion's sub is not a text of 1 to 128 bytes";
    case AssertionRefusal::kNoExpiry:
      return "the assertion has no exp";
    case AssertionRefusal::kNoEvent:
      return "the assertion has no event";
    case AssertionRefusal::kExpired:
      return "the assertion has expired";
    case AssertionRefusal::kNotYet:
      return "the assertion is not valid yet";
    case AssertionRefusal::kAnotherEvent:
      return "the assertion is for another event";
    case AssertionRefusal::kAnotherAudience:
      return "the assertion's aud does not name this gateway (--assertion-audience)";
  }
  return "the assertion is good";
}

// One key, ready to check with.
class JwsVerifier::Key {
 public:
  static std::unique_ptr<Key> make(const AssertionKey& key) {
    auto made = std::unique_ptr<Key>(new Key(key.kid));
    const bool ready = key.secret() ? made->prepare_mac(key.bytes) : made->prepare_public_key(key.bytes);
    return ready ? std::move(made) : nullptr;
  }

  std::string_view algorithm() const { return public_key_ ? "EdDSA" : "HS256"; }
  // A key without a name may check any token, a token without a kid be checked by any key.
  bool may_check(std::string_view kid) const { return kid.empty() || kid_.empty() || kid_ == kid; }

  bool made(Bytes signature, std::string_view text) {
    return public_key_ ? made_by_public_key(signature, text) : made_by_mac(signature, text);
  }

 private:
  explicit Key(std::string kid) : kid_(std::move(kid)) {}

  // The context keeps the key's first block hashed; starting anew with no key reuses it.
  bool prepare_mac(Bytes secret) {
    mac_.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    if (!mac_) return false;
    mac_context_.reset(EVP_MAC_CTX_new(mac_.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    return mac_context_ && EVP_MAC_init(mac_context_.get(), secret.data(), secret.size(), params) == 1;
  }

  bool prepare_public_key(Bytes key) {
    public_key_.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    verify_context_.reset(EVP_MD_CTX_new());
    return public_key_ && verify_context_;
  }

  bool made_by_mac(Bytes signature, std::string_view text) {
    std::array<unsigned char, 32> mac{};
    std::size_t size = 0;
    if (signature.size() != mac.size() || EVP_MAC_init(mac_context_.get(), nullptr, 0, nullptr) != 1 ||
        EVP_MAC_update(mac_context_.get(), bytes_of(text).data(), text.size()) != 1 ||
        EVP_MAC_final(mac_context_.get(), mac.data(), &size, mac.size()) != 1) {
      return false;
    }
    return size == mac.size() && CRYPTO_memcmp(mac.data(), signature.data(), mac.size()) == 0;
  }

  bool made_by_public_key(Bytes signature, std::string_view text) {
    if (signature.size() != kMostSignatureBytes) return false;
    EVP_MD_CTX_reset(verify_context_.get());
    const bool holds = EVP_DigestVerifyInit(verify_context_.get(), nullptr, nullptr, nullptr, public_key_.get()) == 1 &&
                       EVP_DigestVerify(verify_context_.get(), signature.data(), signature.size(),
                                        bytes_of(text).data(), text.size()) == 1;
    if (!holds) ERR_clear_error();
    return holds;
  }

  struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::string kid_;
  std::unique_ptr<EVP_MAC, Free> mac_;
  std::unique_ptr<EVP_MAC_CTX, Free> mac_context_;
  std::unique_ptr<EVP_PKEY, Free> public_key_;
  std::unique_ptr<EVP_MD_CTX, Free> verify_context_;
};

JwsVerifier::JwsVerifier()
    : header_(std::make_unique<StrictJson>(kMaxBytes)),
      header_bytes_(base64url_bytes(kMaxBytes) + StrictJson::kPadding),
      payload_bytes_(base64url_bytes(kMaxBytes) + StrictJson::kPadding) {}

JwsVerifier::~JwsVerifier() = default;

core::Result<std::unique_ptr<JwsVerifier>> JwsVerifier::make(std::span<const AssertionKey> keys) {
  std::unique_ptr<JwsVerifier> verifier(new JwsVerifier);
  for (const AssertionKey& key : keys) {
    auto made = Key::make(key);
    if (!made) return core::fail("the crypto library has no Ed25519 or HMAC-SHA-256");
    verifier->keys_.push_back(std::move(made));
  }
  if (verifier->keys_.empty()) return core::fail("there is no key to check assertions by");
  return verifier;
}

AssertionRefusal JwsVerifier::verify(std::string_view compact) {
  payload_ = {};
  if (compact.size() > kMaxBytes) return AssertionRefusal::kTooLong;
  const std::size_t first = compact.find('.');
  if (first == std::string_view::npos) return AssertionRefusal::kNotCompact;
  const std::size_t second = compact.find('.', first + 1);
  if (second == std::string_view::npos) return AssertionRefusal::kNotCompact;
  const std::string_view payload = compact.substr(first + 1, second - first - 1);
  const std::string_view signature = compact.substr(second + 1);  // a third dot is not in the alphabet
  std::array<unsigned char, kMostSignatureBytes> signature_bytes{};
  const std::size_t signature_size = base64url_bytes(signature.size());
  if (signature_size > signature_bytes.size()) return AssertionRefusal::kNotCompact;
  if (!decode_base64url(signature, signature_bytes) || !decode_base64url(payload, payload_bytes_)) {
    return AssertionRefusal::kNotCompact;
  }
  if (const auto refusal = read_header(compact.substr(0, first)); refusal != AssertionRefusal::kNone) return refusal;
  const auto refusal = check_signature(compact.substr(0, second), Bytes(signature_bytes).first(signature_size));
  if (refusal == AssertionRefusal::kNone) {
    payload_ = {reinterpret_cast<const char*>(payload_bytes_.data()), base64url_bytes(payload.size())};
  }
  return refusal;
}

AssertionRefusal JwsVerifier::read_header(std::string_view encoded) {
  if (!decode_base64url(encoded, header_bytes_)) return AssertionRefusal::kNotCompact;
  const std::string_view text(reinterpret_cast<const char*>(header_bytes_.data()), base64url_bytes(encoded.size()));
  if (!header_->read(text)) return AssertionRefusal::kBadHeader;
  for (const char* extension : kExtensions) {
    if (header_->has(extension)) return AssertionRefusal::kExtension;
  }
  const auto algorithm = header_->text("alg");
  const auto type = header_->text("typ");
  const auto kid = header_->text("kid");
  if (!algorithm || (header_->has("typ") && !(type && is_jwt(*type)))) return AssertionRefusal::kBadHeader;
  if (header_->has("kid") && (!kid || kid->empty())) return AssertionRefusal::kBadHeader;
  algorithm_ = *algorithm;
  kid_ = kid.value_or(std::string_view());
  return AssertionRefusal::kNone;
}

AssertionRefusal JwsVerifier::check_signature(std::string_view signed_text, Bytes signature) {
  AssertionRefusal refusal = AssertionRefusal::kUnknownKey;
  for (const auto& key : keys_) {
    if (!key->may_check(kid_)) continue;
    if (key->algorithm() != algorithm_) {
      if (refusal == AssertionRefusal::kUnknownKey) refusal = AssertionRefusal::kAlgorithm;
      continue;
    }
    if (key->made(signature, signed_text)) return AssertionRefusal::kNone;
    refusal = AssertionRefusal::kSignature;
  }
  return refusal;
}

}  // namespace tacos::gateway
