#include "tacos-gateway/token/ticket_signer.h"

#include <algorithm>
#include <span>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tacos-gateway/random/secure_random.h"
#include "tacos-gateway/token/base64url.h"

namespace tacos::gateway {
namespace {

constexpr unsigned char kVersion = 1;
constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kWaitingBytes = 1 + 4 + 8 + 8;
constexpr std::size_t kGrantBytes = kWaitingBytes + 16 + 8;
static_assert(TicketSigner::kWaitingChars == ((kWaitingBytes + kMacBytes) * 8 + 5) / 6);
static_assert(TicketSigner::kGrantChars == ((kGrantBytes + kMacBytes) * 8 + 5) / 6);

constexpr std::string_view kWaitingPurpose = "tacos waiting token 1";
constexpr std::string_view kGrantPurpose = "tacos grant 1";
constexpr std::string_view kUserPurpose = "tacos user 1";
constexpr std::string_view kAnonymousPurpose = "tacos anonymous user 1";
constexpr std::string_view kJoinPurpose = "tacos join 1";

using Bytes = std::span<const unsigned char>;

template <class Integer>
unsigned char* put(Integer value, unsigned char* at) {
  for (std::size_t i = sizeof(Integer); i-- > 0;)
    *at++ = static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return at;
}

template <class Integer>
const unsigned char* take(const unsigned char* at, Integer& value) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) bits = bits << 8 | *at++;
  value = static_cast<Integer>(bits);
  return at;
}

unsigned char* put_ref(const TicketRef& ref, unsigned char* at) {
  *at++ = kVersion;
  at = put(ref.epoch, at);
  at = put(ref.event, at);
  return put(ref.number, at);
}

const unsigned char* take_ref(const unsigned char* at, TicketRef& ref) {
  at = take(at + 1, ref.epoch);
  at = take(at, ref.event);
  return take(at, ref.number);
}

}  // namespace

// HMAC-SHA-256 under one key. The context keeps the key's first block hashed; starting anew with no key reuses it.
class TicketSigner::Mac {
 public:
  static std::unique_ptr<Mac> make(const SecretKey& key) {
    auto mac = std::unique_ptr<Mac>(new Mac);
    mac->algorithm_.reset(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    if (!mac->algorithm_) return nullptr;
    mac->context_.reset(EVP_MAC_CTX_new(mac->algorithm_.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    if (!mac->context_ || EVP_MAC_init(mac->context_.get(), key.data(), key.size(), params) != 1) return nullptr;
    return mac;
  }

  std::array<unsigned char, kMacBytes> of(std::string_view purpose, Bytes bytes) {
    std::array<unsigned char, 32> whole{};
    std::size_t size = 0;
    EVP_MAC_init(context_.get(), nullptr, 0, nullptr);
    EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(purpose.data()),
                   purpose.size() + 1);  // with its NUL
    EVP_MAC_update(context_.get(), bytes.data(), bytes.size());
    EVP_MAC_final(context_.get(), whole.data(), &size, whole.size());
    std::array<unsigned char, kMacBytes> cut{};
    std::copy_n(whole.begin(), kMacBytes, cut.begin());
    return cut;
  }

 private:
  struct Free {
    void operator()(EVP_MAC* algorithm) const { EVP_MAC_free(algorithm); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  std::unique_ptr<EVP_MAC, Free> algorithm_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

core::Result<SecretKey> random_key() {
  SecretKey key{};
  if (auto filled = fill_random(key); filled.has_error()) return filled.error();
  return key;
}

core::Result<SecretKey> parse_key(std::string_view hex) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!hex.empty() && is_space(hex.front())) hex.remove_prefix(1);
  while (!hex.empty() && is_space(hex.back())) hex.remove_suffix(1);
  SecretKey key{};
  if (hex.size() != key.size() * 2)
    return core::fail("a signing key is 64 hexadecimal digits; make one with: openssl rand -hex 32");
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return core::fail("a signing key has only hexadecimal digits; make one with: openssl rand -hex 32");
    key[i / 2] = static_cast<unsigned char>(key[i / 2] << 4 | digit);
  }
  if (std::all_of(key.begin(), key.end(), [&](unsigned char byte) { return byte == key.front(); })) {
    return core::fail("a signing key of 32 equal bytes can be guessed; make one with: openssl rand -hex 32");
  }
  return key;
}

TicketSigner::TicketSigner(std::vector<std::unique_ptr<Mac>> macs) : macs_(std::move(macs)) {}
TicketSigner::~TicketSigner() = default;

core::Result<std::unique_ptr<TicketSigner>> TicketSigner::make(const std::vector<SecretKey>& keys) {
  std::vector<std::unique_ptr<Mac>> macs;
  for (const auto& key : keys) {
    auto mac = Mac::make(key);
    if (!mac) return core::fail("the crypto library has no HMAC-SHA-256");
    macs.push_back(std::move(mac));
  }
  if (macs.empty()) return core::fail("there is no signing key");
  return std::unique_ptr<TicketSigner>(new TicketSigner(std::move(macs)));
}

void TicketSigner::sign_waiting(const TicketRef& ref, WaitingText& into) {
  std::array<unsigned char, kWaitingBytes + kMacBytes> bytes{};
  put_ref(ref, bytes.data());
  const auto mac = macs_.front()->of(kWaitingPurpose, Bytes(bytes.data(), kWaitingBytes));
  std::copy(mac.begin(), mac.end(), bytes.begin() + kWaitingBytes);
  encode_base64url(bytes, into.data());
}

void TicketSigner::sign_grant(const GrantClaims& claims, GrantText& into) {
  std::array<unsigned char, kGrantBytes + kMacBytes> bytes{};
  unsigned char* at = put_ref(claims.ref, bytes.data());
  at = put(claims.user.high, at);
  at = put(claims.user.low, at);
  put(claims.expires_unix_ms, at);
  const auto mac = macs_.front()->of(kGrantPurpose, Bytes(bytes.data(), kGrantBytes));
  std::copy(mac.begin(), mac.end(), bytes.begin() + kGrantBytes);
  encode_base64url(bytes, into.data());
}

std::optional<TicketRef> TicketSigner::verify_waiting(std::string_view text) {
  std::array<unsigned char, kWaitingBytes + kMacBytes> bytes{};
  if (text.size() != kWaitingChars || !decode_base64url(text, bytes) || bytes[0] != kVersion) return {};
  for (const auto& key : macs_) {
    const auto mac = key->of(kWaitingPurpose, Bytes(bytes.data(), kWaitingBytes));
    if (CRYPTO_memcmp(mac.data(), bytes.data() + kWaitingBytes, kMacBytes) != 0) continue;
    TicketRef ref;
    take_ref(bytes.data(), ref);
    return ref;
  }
  return {};
}

std::optional<GrantClaims> TicketSigner::verify_grant(std::string_view text) {
  std::array<unsigned char, kGrantBytes + kMacBytes> bytes{};
  if (text.size() != kGrantChars || !decode_base64url(text, bytes) || bytes[0] != kVersion) return {};
  for (const auto& key : macs_) {
    const auto mac = key->of(kGrantPurpose, Bytes(bytes.data(), kGrantBytes));
    if (CRYPTO_memcmp(mac.data(), bytes.data() + kGrantBytes, kMacBytes) != 0) continue;
    GrantClaims claims;
    const unsigned char* at = take_ref(bytes.data(), claims.ref);
    at = take(at, claims.user.high);
    at = take(at, claims.user.low);
    take(at, claims.expires_unix_ms);
    return claims;
  }
  return {};
}

UserKey TicketSigner::key_of(std::string_view purpose, std::string_view text) {
  const auto mac = macs_.front()->of(purpose, Bytes(reinterpret_cast<const unsigned char*>(text.data()), text.size()));
  UserKey key;
  take(take(mac.data(), key.high), key.low);
  return key;
}

UserKey TicketSigner::user_key(std::string_view user_id) {
  return key_of(kUserPurpose, user_id);
}

UserKey TicketSigner::anonymous_key(std::string_view idempotency_key) {
  return key_of(kAnonymousPurpose, idempotency_key);
}

std::uint64_t TicketSigner::join_proof(std::uint64_t event, const UserKey& user, std::string_view idempotency_key) {
  // The key is hashed for itself first, so that what is signed has one length.
  const UserKey key = key_of(kJoinPurpose, idempotency_key);
  std::array<unsigned char, 40> bytes{};
  put(key.low, put(key.high, put(user.low, put(user.high, put(event, bytes.data())))));
  const auto mac = macs_.front()->of(kJoinPurpose, bytes);
  std::uint64_t proof = 0;
  take(mac.data(), proof);
  return proof == 0 ? 1 : proof;
}

}  // namespace tacos::gateway
