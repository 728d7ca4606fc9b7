#include "tacos-gateway/secrets.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "tacos-gateway/process/operator_file.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

constexpr std::size_t kShortestAdminToken = 8;
// Each token is checked under every key, so that a long list would slow every request down.
constexpr std::size_t kMostKeys = 16;

Result<std::string> read(const char* option, const std::string& path, std::vector<std::string>& warnings) {
  auto file = read_secret_file(path);
  if (file.has_error()) return fail(fmt::format("{}: {}", option, file.error().message));
  if (file->readable_by_all) {
    warnings.push_back(
        fmt::format("{}: every user of this machine may read '{}'; run: chmod 600 {}", option, path, path));
  }
  return std::move(file->text);
}

Result<std::vector<SecretKey>> parse_keys(std::string_view text, const std::string& path) {
  std::vector<SecretKey> keys;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto wrong = [&](std::string_view what) {
      return fail(fmt::format("--signing-key-file: line {} of '{}': {}", number, path, what));
    };
    const auto key = parse_key(line);
    if (key.has_error()) return wrong(key.error().message);
    if (std::find(keys.begin(), keys.end(), *key) != keys.end()) return wrong("this key stands above already");
    if (keys.size() == kMostKeys) return wrong(fmt::format("{} keys are the most; take old ones out", kMostKeys));
    keys.push_back(*key);
  }
  if (keys.empty()) {
    return fail(fmt::format("--signing-key-file: '{}' holds no key; make one with 'openssl rand -hex 32'", path));
  }
  return keys;
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The first line, without the white space at its end.
Result<std::string> admin_token_of(std::string_view text, const std::string& path) {
  // Editors write it unseen, and no client would send it.
  if (text.starts_with(kByteOrderMark)) {
    return fail(
        fmt::format("--admin-token-file: '{}' begins with a byte order mark; save it as UTF-8 without one", path));
  }
  text = text.substr(0, text.find('\n'));
  const std::size_t end = text.find_last_not_of(" \t\r");
  text = text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (text.empty()) {
    return fail(fmt::format(
        "--admin-token-file: the first line of '{}' holds no token; make one with 'openssl rand -hex 32'", path));
  }
  return std::string(text);
}

Result<void> check_admin_token(std::string_view token) {
  if (token.size() < kShortestAdminToken) {
    return fail(
        fmt::format("the admin token has {} characters; it must have {} at least, such as 'openssl rand -hex 32' "
                    "prints",
                    token.size(), kShortestAdminToken));
  }
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  if (is_blank(token.front()) || is_blank(token.back())) {
    return fail("the admin token has blanks around it, which no Authorization header can carry; take them out");
  }
  if (token.starts_with(kByteOrderMark)) {
    return fail("the admin token begins with a byte order mark; take it out");
  }
  // No request could carry others in its Authorization header.
  if (std::any_of(token.begin(), token.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; })) {
    return fail("the admin token holds a control character; make one with 'openssl rand -hex 32'");
  }
  return {};
}

}  // namespace

Result<Secrets> load_secrets(const GatewayOptions& options) {
  Secrets secrets;
  // Made in any case: a system without random bytes is found out here, not at the first user without a name.
  const auto key = random_key();
  if (key.has_error()) return key.error();
  if (options.signing_key_file.empty()) {
    secrets.signing_keys = {*key};
  } else {
    const auto text = read("--signing-key-file", options.signing_key_file, secrets.warnings);
    if (text.has_error()) return text.error();
    auto keys = parse_keys(*text, options.signing_key_file);
    if (keys.has_error()) return keys.error();
    secrets.signing_keys = std::move(*keys);
  }
  secrets.admin_token = options.admin_token;
  if (!options.admin_token_file.empty()) {
    const auto text = read("--admin-token-file", options.admin_token_file, secrets.warnings);
    if (text.has_error()) return text.error();
    auto token = admin_token_of(*text, options.admin_token_file);
    if (token.has_error()) return token.error();
    secrets.admin_token = std::move(*token);
  }
  if (!options.admin_token.empty() || !options.admin_token_file.empty()) {
    if (auto checked = check_admin_token(secrets.admin_token); checked.has_error()) return checked.error();
  }
  return secrets;
}

}  // namespace tacos::gateway
