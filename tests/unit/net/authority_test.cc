#include "net/authority.h"

#include <string>

#include <gtest/gtest.h>

namespace tacos::net {
namespace {

// RFC 9110 section 7.2 and RFC 3986 section 3.2.2.
TEST(Authority, IsANameAnAddressOrAnIpLiteralWithAPort) {
  for (const char* good : {"a", "A-b.example", "a_b", "a.example:80",
                           "a:",  // an empty port is the scheme's own
                           "a:0", "a:65535", "a:00080", "127.0.0.1:8080",
                           "999.1.1.1",  // then it is a registered name
                           "~a!$&'()*+;=", "b%C3%BCcher.example", "%41", "[::1]", "[::]:1",
                           "[2001:DB8::ffff:192.0.2.1]:443", "[v1.a:b]", "[vF.1]:2"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
}

TEST(Authority, IsNothingElse) {
  for (const char* bad : {"",
                          ":80",
                          ":",
                          "x:abc",
                          "x:1:2",
                          "x:99999",
                          "x:65536",
                          "x:4294967376",
                          "x:18446744073709551696",
                          "x:-1",
                          "x:+1",
                          "x: 1",
                          "x:1 ",
                          "x:0x50",
                          "::1",
                          "[::1",
                          "::1]",
                          "[]",
                          "[zz]",
                          "[1.2.3.4]",
                          "[::1]x",
                          "[::1]:x",
                          "[::1]:65536",
                          "[::1][::1]",
                          "[fe80::1%25eth0]",
                          "[fe80::1%eth0]",
                          "[::12345]",
                          "[1:2:3:4:5:6:7:8:9]",
                          "[v.1]",
                          "[v1.]",
                          "[vg.1]",
                          "[v1.a/b]",
                          "x[::1]",
                          "u@x",
                          "u:p@x",
                          "a/b",
                          "a?b",
                          "a#b",
                          "a\\b",
                          "a b",
                          "a,b",
                          "a\"b",
                          "a<b",
                          "a^b",
                          "a`b",
                          "a{b",
                          "a|b",
                          "a\xc3\xa9",
                          "a\x7f",
                          "a\t",
                          "%",
                          "%4",
                          "%zz",
                          "a%4",
                          "%00",
                          "%0d%0a",
                          "%2f",
                          "%40",
                          "%3A80"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
  EXPECT_FALSE(is_authority(std::string_view("a\0", 2)));
  EXPECT_FALSE(is_authority(std::string_view("[::1\0]", 6)));
  EXPECT_FALSE(is_authority("[" + std::string(100, '1') + "]"));
}

TEST(PercentCodes, AreTwoHexadecimalDigits) {
  for (const char* good : {"", "/a", "/%41%ff", "/%2F"}) EXPECT_TRUE(has_whole_percent_codes(good)) << good;
  for (const char* bad : {"%", "/%4", "/%zz", "/%4g", "/%%41", "/%41%"}) {
    EXPECT_FALSE(has_whole_percent_codes(bad)) << bad;
  }
}

}  // namespace
}  // namespace tacos::net
