#include "tacos-gateway/token/assertion_keys.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/assertion_signer.h"

namespace tacos::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSecret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::string error_of(const std::string& text) {
  const auto keys = parse_assertion_keys(text);
  return keys.has_error() ? keys.error().message : "no error";
}

// An Ed25519 public key of these 32 bytes, in the form of RFC 8410.
std::string pem_of(const std::string& hex) {
  std::string der("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
  for (std::size_t i = 0; i < hex.size(); i += 2) der += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  std::string base64(64, '\0');
  base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                                         reinterpret_cast<const unsigned char*>(der.data()),
                                                         static_cast<int>(der.size()))));
  return "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n";
}

TEST(AssertionKeys, HoldsKeysOfBothKindsWithNamesAndComments) {
  const auto site = AssertionSigner::ed25519(1);
  const auto next = AssertionSigner::ed25519(2);
  const auto keys = parse_assertion_keys("# the shop's keys\n\n" + site.pem() + "kid=2026-12\n" + next.pem() +
                                         "  hs256 " + kSecret + "  kid=shared\r\nhs256 " + kSecret + kSecret);
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  ASSERT_EQ(keys->size(), 4u);
  EXPECT_EQ((*keys)[0].bytes, site.key().bytes);
  EXPECT_EQ((*keys)[0].kid, "");
  EXPECT_FALSE((*keys)[0].secret());
  EXPECT_EQ((*keys)[1].bytes, next.key().bytes);
  EXPECT_EQ((*keys)[1].kid, "2026-12");
  EXPECT_TRUE((*keys)[2].secret());
  EXPECT_EQ((*keys)[2].kid, "shared");
  EXPECT_EQ((*keys)[2].bytes.size(), 32u);
  EXPECT_EQ((*keys)[2].bytes[31], 0x1f);
  EXPECT_EQ((*keys)[3].bytes.size(), 64u);
}

TEST(AssertionKeys, RefusesASecretThatCanBeGuessed) {
  EXPECT_THAT(error_of("hs256 " + kSecret.substr(2)), HasSubstr("line 1: the secret behind hs256 has 62 hexadecimal"));
  EXPECT_THAT(error_of("hs256 " + kSecret.substr(2)), HasSubstr("openssl rand -hex 32"));
  EXPECT_THAT(error_of("hs256 " + kSecret.substr(2)), Not(HasSubstr(kSecret.substr(2, 8))));
  EXPECT_THAT(error_of("hs256 " + std::string(1026, 'a')), HasSubstr("it may have 64 to 1024"));
  EXPECT_THAT(error_of("hs256 " + std::string(64, '0')), HasSubstr("can be guessed"));
  EXPECT_THAT(error_of("hs256 " + std::string(128, 'f')), HasSubstr("can be guessed"));
  EXPECT_THAT(error_of("hs256 " + kSecret + "0"), HasSubstr("even number"));
  EXPECT_THAT(error_of("hs256 " + kSecret.substr(1) + "g"), HasSubstr("hexadecimal"));
  EXPECT_THAT(error_of("hs256"), HasSubstr("has 0 hexadecimal digits"));
}

TEST(AssertionKeys, RefusesKeysOfOtherKinds) {
  EXPECT_THAT(error_of(AssertionSigner::ed25519(1).pem(true)), HasSubstr("line 1: this is a private key"));
  EXPECT_THAT(error_of("-----BEGIN EC PRIVATE KEY-----\n"), HasSubstr("this is a private key"));
  EXPECT_THAT(error_of("-----BEGIN CERTIFICATE-----\n"), HasSubstr("does not begin a public key"));
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> ec(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(bio.get(), ec.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  EXPECT_THAT(error_of(std::string(text, static_cast<std::size_t>(size))),
              HasSubstr("the public key is of type EC; it must be Ed25519"));
}

TEST(AssertionKeys, RefusesEd25519PointsUnderWhichAnySignatureHolds) {
  const std::string ff(60, 'f');
  for (const std::string& hex : {std::string(64, '0'), "01" + std::string(62, '0'), std::string(62, '0') + "80",
                                 "ec" + ff + "7f", "ec" + ff + "ff", "ed" + ff + "7f", "ee" + ff + "7f",
                                 std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
                                 std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
                                 std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")}) {
    EXPECT_THAT(error_of(pem_of(hex)), HasSubstr("small order")) << hex;
  }
  EXPECT_EQ(error_of(pem_of("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")), "no error");
}

TEST(AssertionKeys, SaysWhichLineItDoesNotUnderstand) {
  const std::string pem = AssertionSigner::ed25519(1).pem();
  EXPECT_THAT(error_of(""), HasSubstr("holds no key"));
  EXPECT_THAT(error_of("# nothing\n\n"), HasSubstr("holds no key"));
  EXPECT_THAT(error_of("\nrs256 abc\n"), HasSubstr("line 2: neither 'hs256 HEX'"));
  EXPECT_THAT(error_of(kSecret), HasSubstr("line 1: neither"));
  EXPECT_THAT(error_of("HS256 " + kSecret), HasSubstr("line 1: neither"));
  EXPECT_THAT(error_of("hs256 " + kSecret + " name"), HasSubstr("kid=NAME and no more"));
  EXPECT_THAT(error_of("hs256 " + kSecret + " kid=a b"), HasSubstr("kid=NAME and no more"));
  EXPECT_THAT(error_of("hs256 " + kSecret + " kid="), HasSubstr("a kid is 1 to 128 visible"));
  EXPECT_THAT(error_of("hs256 " + kSecret + " kid=" + std::string(129, 'k')), HasSubstr("a kid is 1 to 128 visible"));
  EXPECT_THAT(error_of("kid=a\nhs256 " + kSecret), HasSubstr("line 2: kid= is followed by no PEM block"));
  EXPECT_THAT(error_of(pem + "kid=a\n"), HasSubstr("kid= is followed by no PEM block"));
  EXPECT_THAT(error_of("kid=a\n" + pem + "hs256 " + kSecret + " kid=a"), HasSubstr("kid 'a' is given twice"));
  EXPECT_THAT(error_of(pem.substr(0, pem.size() - 10)), HasSubstr("the PEM block has no end"));
  EXPECT_THAT(error_of("-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----"),
              HasSubstr("no public key that can"));
  std::string many;
  for (int i = 0; i < 16; ++i) many += "hs256 " + kSecret + "\n";
  EXPECT_EQ(error_of(many), "no error");
  EXPECT_THAT(error_of(many + "hs256 " + kSecret), HasSubstr("more than 16 keys"));
}

class KeyFile {
 public:
  KeyFile(const std::string& text, mode_t mode)
      : path_(fmt::format("{}/tacos-assertion-keys-{}", std::filesystem::temp_directory_path().string(), ::getpid())) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), mode);
  }
  ~KeyFile() { std::filesystem::remove(path_); }
  std::string error() const {
    const auto keys = read_assertion_keys(path_);
    return keys.has_error() ? keys.error().message : "no error";
  }

 private:
  std::string path_;
};

TEST(AssertionKeys, AFileWithASecretIsNobodyElsesToRead) {
  const std::string secret = "hs256 " + kSecret;
  EXPECT_EQ(KeyFile(secret, 0600).error(), "no error");
  EXPECT_EQ(KeyFile(secret, 0640).error(), "no error") << "a group may share it";
  EXPECT_THAT(KeyFile(secret, 0644).error(), HasSubstr("may be read by everybody (mode 644); chmod 600"));
  const std::string pem = AssertionSigner::ed25519(1).pem();
  EXPECT_EQ(KeyFile(pem, 0644).error(), "no error") << "a public key is public";
  EXPECT_THAT(KeyFile(pem, 0646).error(), HasSubstr("may be written by everybody"));
}

TEST(AssertionKeys, NamesAFileThatCannotBeOne) {
  EXPECT_EQ(read_assertion_keys("/nowhere").error().message, "cannot read '/nowhere'");
  EXPECT_EQ(read_assertion_keys("/tmp").error().message, "'/tmp' is not a regular file");
  EXPECT_THAT(KeyFile(std::string(64 * 1024 + 1, '\n'), 0600).error(), HasSubstr("more than 65536 bytes"));
  EXPECT_THAT(KeyFile("", 0600).error(), HasSubstr("holds no key"));
}

}  // namespace
}  // namespace tacos::gateway
