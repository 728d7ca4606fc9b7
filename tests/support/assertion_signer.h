#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "tacos-gateway/token/assertion_keys.h"
#include "tacos-gateway/token/base64url.h"

namespace tacos::gateway {

inline std::string base64url(std::string_view bytes) {
  std::string text((bytes.size() * 8 + 5) / 6, '\0');
  encode_base64url({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, text.data());
  return text;
}

inline std::vector<unsigned char> from_base64url(std::string_view text) {
  std::vector<unsigned char> bytes(base64url_bytes(text.size()));
  decode_base64url(text, bytes);
  return bytes;
}

// The site's side of an assertion, with a key of either kind.
class AssertionSigner {
 public:
  static AssertionSigner hs256(std::string secret) {
    AssertionSigner signer;
    signer.secret_ = std::move(secret);
    return signer;
  }
  static AssertionSigner ed25519(unsigned char seed) {
    const std::vector<unsigned char> bytes(32, seed);
    AssertionSigner signer;
    signer.key_.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()),
                      &EVP_PKEY_free);
    return signer;
  }

  // What the gateway is given of it.
  AssertionKey key(std::string kid = "") const {
    if (!key_) return {AssertionKey::Algorithm::kHs256, std::move(kid), {secret_.begin(), secret_.end()}};
    std::vector<unsigned char> bytes(32);
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
    return {AssertionKey::Algorithm::kEdDsa, std::move(kid), bytes};
  }
  std::string pem(bool private_key = false) const {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    if (private_key) {
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    } else {
      PEM_write_bio_PUBKEY(bio.get(), key_.get());
    }
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  std::string header() const { return key_ ? R"({"alg":"EdDSA","typ":"JWT"})" : R"({"alg":"HS256","typ":"JWT"})"; }
  std::string sign(std::string_view claims) const { return sign(header(), claims); }
  std::string sign(std::string_view header, std::string_view claims) const {
    const std::string text = base64url(header) + "." + base64url(claims);
    return text + "." + base64url(signature_of(text));
  }
  std::string signature_of(std::string_view text) const {
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    if (!key_) {
      std::array<unsigned char, 32> mac{};
      unsigned size = 0;
      HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), data, text.size(), mac.data(), &size);
      return {mac.begin(), mac.end()};
    }
    std::array<unsigned char, 64> signature{};
    std::size_t size = signature.size();
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
    EVP_DigestSign(context.get(), signature.data(), &size, data, text.size());
    return {signature.begin(), signature.end()};
  }

 private:
  std::string secret_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace tacos::gateway
