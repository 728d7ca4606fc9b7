#include "redis/redis_script.h"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace tacos::redis {
namespace {

std::string sha1_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha1(), nullptr);
  std::string hex;
  for (unsigned int at = 0; at < size; ++at) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[at]);
  return hex;
}

}  // namespace

const RedisScript& ScriptBook::add(std::string name, std::string text) {
  auto script = std::make_unique<RedisScript>();
  script->sha1 = sha1_hex(text);
  script->name = std::move(name);
  script->text = std::move(text);
  script->index = scripts_.size();
  return *scripts_.emplace_back(std::move(script));
}

const RedisScript* ScriptBook::find(std::string_view name) const {
  for (const auto& script : scripts_) {
    if (script->name == name) return script.get();
  }
  return nullptr;
}

}  // namespace tacos::redis
