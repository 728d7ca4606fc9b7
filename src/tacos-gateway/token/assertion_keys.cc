#include "tacos-gateway/token/assertion_keys.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <fcntl.h>
#include <memory>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

constexpr std::size_t kLeastSecretBytes = 32;  // RFC 7518, 3.2: as long as the hash
constexpr std::size_t kMostSecretBytes = 512;
constexpr std::size_t kEd25519Bytes = 32;
// 32 random bytes have fewer different values than this once in 10^40 files.
constexpr std::size_t kLeastDifferentBytes = 8;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Takes the next word, and the white space behind it, off the text.
std::string_view next_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trimmed(text.substr(end));
  return word;
}

Result<std::string> parse_kid(std::string_view name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > kMaxKidBytes || !printable) {
    return fail(fmt::format("a kid is 1 to {} visible ASCII characters without spaces", kMaxKidBytes));
  }
  return std::string(name);
}

Result<std::vector<unsigned char>> parse_secret(std::string_view hex) {
  if (hex.size() % 2 != 0 || !std::all_of(hex.begin(), hex.end(), [](char c) { return hex_value(c) >= 0; })) {
    return fail(
        "the secret behind hs256 is not an even number of hexadecimal digits; make one with: "
        "openssl rand -hex 32");
  }
  if (hex.size() < 2 * kLeastSecretBytes || hex.size() > 2 * kMostSecretBytes) {
    return fail(
        fmt::format("the secret behind hs256 has {} hexadecimal digits; it may have {} to {}; make one with: openssl "
                    "rand -hex 32",
                    hex.size(), 2 * kLeastSecretBytes, 2 * kMostSecretBytes));
  }
  std::vector<unsigned char> bytes(hex.size() / 2);
  std::bitset<256> seen;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<unsigned char>(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1]));
    seen.set(bytes[i]);
  }
  if (seen.count() < kLeastDifferentBytes) {
    return fail("the secret behind hs256 repeats a few bytes and can be guessed; make one with: openssl rand -hex 32");
  }
  return bytes;
}

// The points of small order, under which anybody can make a signature that holds, by their encodings with the sign
// bit cleared. Orders 4, 1, 8, 8, 2, and two more spellings of the first two (y and y + p).
bool is_weak_point(std::span<const unsigned char> key) {
  using Point = std::array<unsigned char, kEd25519Bytes>;
  static const auto kWeak = [] {
    std::array<Point, 7> weak{};
    weak[1][0] = 1;
    weak[2] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
               0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
    weak[3] = {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
               0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};
    for (std::size_t i = 4; i < weak.size(); ++i) {
      weak[i].fill(0xff);
      weak[i].front() = static_cast<unsigned char>(0xec + (i - 4));
      weak[i].back() = 0x7f;
    }
    return weak;
  }();
  Point masked{};
  std::copy(key.begin(), key.end(), masked.begin());
  masked.back() &= 0x7f;
  return std::find(kWeak.begin(), kWeak.end(), masked) != kWeak.end();
}

Result<std::vector<unsigned char>> parse_public_key(std::string_view pem) {
  struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, Free> key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!key) return fail("the PEM block holds no public key that can be read; write it with: openssl pkey -pubout");
  if (EVP_PKEY_is_a(key.get(), "ED25519") != 1) {
    const char* name = EVP_PKEY_get0_type_name(key.get());
    return fail(
        fmt::format("the public key is of type {}; it must be Ed25519; make one with: openssl genpkey "
                    "-algorithm ed25519",
                    name != nullptr ? name : "unknown"));
  }
  std::vector<unsigned char> bytes(kEd25519Bytes);
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1 || size != kEd25519Bytes) {
    return fail("the crypto library can't read this Ed25519 key");
  }
  if (is_weak_point(bytes)) return fail("the Ed25519 key is a point of small order: any signature would hold under it");
  return bytes;
}

// One file's text on its way to keys.
class KeyFileReader {
 public:
  explicit KeyFileReader(std::string_view text) : rest_(text) {}

  Result<std::vector<AssertionKey>> read() {
    std::string_view line;
    while (take_line(line)) {
      if (line.empty() || line.front() == '#') continue;
      const int at = line_;
      if (auto done = take(line); done.has_error()) {
        return fail(fmt::format("line {}: {}", at, done.error().message));
      }
    }
    if (!pending_kid_.empty()) return fail(fmt::format("line {}: kid= is followed by no PEM block", line_));
    if (keys_.empty()) {
      return fail(
          "it holds no key; write a PEM public key (openssl pkey -pubout) or 'hs256' and 64 hexadecimal digits");
    }
    return std::move(keys_);
  }

 private:
  bool take_line(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line = trimmed(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    return true;
  }

  Result<void> take(std::string_view line) {
    static constexpr std::string_view kBegin = "-----BEGIN ";
    if (line.starts_with(kBegin)) return take_block(line);
    if (!pending_kid_.empty()) return fail("kid= is followed by no PEM block");
    std::string_view rest = line;
    const std::string_view word = next_word(rest);
    if (word.starts_with("kid=")) {
      if (!rest.empty()) return fail("behind kid=NAME stands something else; the PEM block begins on the next line");
      auto kid = parse_kid(word.substr(4));
      if (kid.has_error()) return kid.error();
      pending_kid_ = std::move(*kid);
      return {};
    }
    if (word != "hs256") {
      return fail("neither 'hs256 HEX', 'kid=NAME', a PEM block nor a comment that begins with '#'");
    }
    return take_secret(rest);
  }

  Result<void> take_secret(std::string_view rest) {
    AssertionKey key;
    key.algorithm = AssertionKey::Algorithm::kHs256;
    auto secret = parse_secret(next_word(rest));
    if (secret.has_error()) return secret.error();
    key.bytes = std::move(*secret);
    if (!rest.empty()) {
      const std::string_view name = next_word(rest);
      if (!name.starts_with("kid=") || !rest.empty()) return fail("behind the secret may stand kid=NAME and no more");
      auto kid = parse_kid(name.substr(4));
      if (kid.has_error()) return kid.error();
      key.kid = std::move(*kid);
    }
    return add(std::move(key));
  }

  Result<void> take_block(std::string_view begin) {
    if (begin.find("PRIVATE KEY") != std::string_view::npos) {
      return fail(
          "this is a private key; the gateway needs the public one only, and the private one must stay with "
          "the site; write it with: openssl pkey -pubout");
    }
    if (begin != "-----BEGIN PUBLIC KEY-----") {
      return fail(fmt::format("'{}' does not begin a public key; write one with: openssl pkey -pubout", begin));
    }
    std::string pem(begin);
    pem += '\n';
    for (std::string_view line; take_line(line);) {
      pem.append(line) += '\n';
      if (line != "-----END PUBLIC KEY-----") continue;
      AssertionKey key;
      auto bytes = parse_public_key(pem);
      if (bytes.has_error()) return bytes.error();
      key.bytes = std::move(*bytes);
      key.kid = std::exchange(pending_kid_, {});
      return add(std::move(key));
    }
    return fail("the PEM block has no end");
  }

  Result<void> add(AssertionKey key) {
    for (const AssertionKey& other : keys_) {
      if (!key.kid.empty() && other.kid == key.kid) return fail(fmt::format("kid '{}' is given twice", key.kid));
    }
    if (keys_.size() == kMaxAssertionKeys) {
      return fail(fmt::format("there are more than {} keys; take out those that no token is signed with any more",
                              kMaxAssertionKeys));
    }
    keys_.push_back(std::move(key));
    return {};
  }

  std::string_view rest_;
  int line_ = 0;
  std::string pending_kid_;
  std::vector<AssertionKey> keys_;
};

Result<std::string> read_whole(int descriptor) {
  std::string text(kMaxAssertionKeyFileBytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0) return fail("it can't be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxAssertionKeyFileBytes) {
    return fail(
        fmt::format("it has more than {} bytes; it should hold keys and comments only", kMaxAssertionKeyFileBytes));
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<std::vector<AssertionKey>> parse_assertion_keys(std::string_view text) {
  return KeyFileReader(text).read();
}

Result<std::vector<AssertionKey>> read_assertion_keys(const std::string& path) {
  struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
  };
  // Not blocking, so that a pipe that was named by mistake does not hold the start up.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat facts {};
  if (file.number < 0 || ::fstat(file.number, &facts) != 0) return fail(fmt::format("cannot read '{}'", path));
  if (!S_ISREG(facts.st_mode)) return fail(fmt::format("'{}' is not a regular file", path));
  if ((facts.st_mode & S_IWOTH) != 0) {
    return fail(fmt::format("'{}' may be written by everybody, who could add a key of their own; chmod o-w it", path));
  }
  const auto text = read_whole(file.number);
  if (text.has_error()) return fail(fmt::format("'{}': {}", path, text.error().message));
  auto keys = parse_assertion_keys(*text);
  if (keys.has_error()) return fail(fmt::format("'{}': {}", path, keys.error().message));
  const bool secret = std::any_of(keys->begin(), keys->end(), [](const AssertionKey& key) { return key.secret(); });
  if (secret && (facts.st_mode & S_IROTH) != 0) {
    return fail(fmt::format(
        "'{}' holds a secret and may be read by everybody (mode {:03o}); chmod 600 it and change the secret", path,
        facts.st_mode & 0777));
  }
  return keys;
}

}  // namespace tacos::gateway
