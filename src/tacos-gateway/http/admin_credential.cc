#include "tacos-gateway/http/admin_credential.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace tacos::gateway {
namespace {

std::array<unsigned char, 32> hash_of(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  ::SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  return hash;
}

}  // namespace

AdminCredential::AdminCredential(std::string_view token)
    : hash_(hash_of(token)), id_(fmt::format("{:02x}{:02x}{:02x}{:02x}", hash_[0], hash_[1], hash_[2], hash_[3])) {}

bool AdminCredential::matches(std::string_view token) const {
  const auto given = hash_of(token);
  return ::CRYPTO_memcmp(given.data(), hash_.data(), hash_.size()) == 0;
}

}  // namespace tacos::gateway
