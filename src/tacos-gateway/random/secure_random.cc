#include "tacos-gateway/random/secure_random.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace tacos::gateway {

core::Result<void> fill_random(std::span<unsigned char> into) {
  if (::RAND_bytes(into.data(), static_cast<int>(into.size())) == 1) return {};
  ::OPENSSL_cleanse(into.data(), into.size());
  return core::fail("the system has no random bytes to make keys and names of (RAND_bytes failed)");
}

SecureRandom& SecureRandom::of_this_thread() {
  thread_local SecureRandom random;
  return random;
}

void SecureRandom::draw() {
  if (const auto filled = source_(drawn_); filled.has_error()) {
    std::fprintf(stderr, "tacos-gateway: %s; it ends here\n", filled.error().message.c_str());
    std::abort();
  }
  used_ = 0;
}

void SecureRandom::fill(std::span<unsigned char> into) {
  while (!into.empty()) {
    if (used_ == drawn_.size()) draw();
    const std::size_t taken = std::min(into.size(), drawn_.size() - used_);
    std::memcpy(into.data(), drawn_.data() + used_, taken);
    ::OPENSSL_cleanse(drawn_.data() + used_, taken);
    used_ += taken;
    into = into.subspan(taken);
  }
}

std::uint64_t SecureRandom::next() {
  std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
  fill(bytes);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

}  // namespace tacos::gateway
