#include "tacos-gateway/http/trusted_proxies.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/request_reader.h"

namespace tacos::gateway {
namespace {

using net::PeerAddress;
using ::testing::HasSubstr;

PeerAddress address(const std::string& text) {
  const auto parsed = parse_client_address(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(PeerAddress());
}

std::string error_of(const std::string& list) {
  const auto parsed = TrustedProxies::parse(list);
  return parsed.has_error() ? parsed.error().message : "no error";
}

TEST(ClientAddress, IsReadInTheFormsThatProxiesWrite) {
  for (const auto& [text, means] :
       std::vector<std::pair<std::string, std::string>>{{"203.0.113.7", "203.0.113.7"},
                                                        {"203.0.113.7:4711", "203.0.113.7"},
                                                        {"2001:db8::1", "2001:db8::1"},
                                                        {"[2001:db8::1]", "2001:db8::1"},
                                                        {"[2001:db8::1]:443", "2001:db8::1"},
                                                        {"::ffff:10.0.0.1", "10.0.0.1"}}) {
    EXPECT_EQ(address(text).to_string(), means);
  }
  for (const std::string& text : std::vector<std::string>{"",
                                                          "unknown",
                                                          "_hidden",
                                                          "203.0.113",
                                                          "203.0.113.256",
                                                          "203.0.113.7:",
                                                          "203.0.113.7:99999",
                                                          "203.0.113.7:1x",
                                                          "0x7f.0.0.1",
                                                          "010.0.0.1",
                                                          "[203.0.113.7]",
                                                          "[2001:db8::1",
                                                          "[2001:db8::1]x",
                                                          "[2001:db8::1]:",
                                                          "2001:db8::g",
                                                          "2001:db8::1%eth0",
                                                          "example.org",
                                                          "1",
                                                          "203.0.113.7 ",
                                                          std::string("203.0.113.7\0", 12),
                                                          std::string(500, '1'),
                                                          std::string(500, ':')}) {
    EXPECT_FALSE(parse_client_address(text).has_value()) << text;
  }
}

TEST(TrustedProxies, KnowsItsNetworksToTheBit) {
  const auto proxies = *TrustedProxies::parse("10.0.0.0/9, 192.0.2.7,2001:db8:8000::/33 ,unix");
  EXPECT_TRUE(proxies.trusts(address("10.0.0.0")));
  EXPECT_TRUE(proxies.trusts(address("10.127.255.255")));
  EXPECT_FALSE(proxies.trusts(address("10.128.0.0")));
  EXPECT_FALSE(proxies.trusts(address("9.255.255.255")));
  EXPECT_TRUE(proxies.trusts(address("192.0.2.7")));
  EXPECT_FALSE(proxies.trusts(address("192.0.2.6")));
  EXPECT_TRUE(proxies.trusts(address("2001:db8:8000::")));
  EXPECT_TRUE(proxies.trusts(address("2001:db8:ffff::1")));
  EXPECT_FALSE(proxies.trusts(address("2001:db8:7fff::1")));
  EXPECT_TRUE(proxies.trusts(PeerAddress::unix_socket()));
  EXPECT_FALSE(proxies.trusts(PeerAddress()));
  EXPECT_FALSE(TrustedProxies::parse("10.0.0.0/8")->trusts(PeerAddress::unix_socket()));
  EXPECT_TRUE(TrustedProxies::parse("::ffff:10.0.0.0/104")->trusts(address("10.1.2.3")));
  EXPECT_FALSE(TrustedProxies::parse("::/8")->trusts(address("10.1.2.3"))) << "IPv4 is not a network of IPv6";
}

TEST(TrustedProxies, SaysWhatIsWrongWithAList) {
  EXPECT_THAT(error_of(""), HasSubstr("'' is not an address or a network such as 10.0.0.0/8"));
  EXPECT_THAT(error_of("10.0.0.0/8,"), HasSubstr("'' is not an address"));
  EXPECT_THAT(error_of("proxy.example.org"), HasSubstr("'proxy.example.org' is not an address"));
  EXPECT_THAT(error_of("10.0.0.0/33"), HasSubstr("a prefix length of '33'; it may be 1 to 32"));
  EXPECT_THAT(error_of("10.0.0.0/"), HasSubstr("a prefix length of ''"));
  EXPECT_THAT(error_of("10.0.0.0/8x"), HasSubstr("a prefix length of '8x'"));
  EXPECT_THAT(error_of("10.0.0.0/-8"), HasSubstr("a prefix length of '-8'"));
  EXPECT_THAT(error_of("0.0.0.0/0"), HasSubstr("it may be 1 to 32"));
  EXPECT_THAT(error_of("::/0"), HasSubstr("it may be 1 to 128"));
  EXPECT_THAT(error_of("::ffff:0.0.0.0/96"), HasSubstr("it may be 97 to 128"));
  EXPECT_THAT(error_of("10.0.0.1/8"), HasSubstr("has bits set behind its prefix"));
  EXPECT_THAT(error_of("2001:db8::1/64"), HasSubstr("has bits set behind its prefix"));
  std::string many = "10.0.0.1";
  for (int i = 0; i < 64; ++i) many += ",10.0.0.1";
  EXPECT_THAT(error_of(many), HasSubstr("more than 64 networks"));
}

// Who the client is, by what a proxy at `peer` hands on.
class ClientBehindProxies : public ::testing::Test {
 protected:
  std::string client(const std::string& peer, const std::string& headers) {
    const net::RequestLimits limits;
    net::RequestReader reader(limits);
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
    const auto room = reader.prepare();
    EXPECT_GE(room.size(), text.size());
    std::copy(text.begin(), text.end(), room.begin());
    reader.commit(text.size());
    EXPECT_EQ(reader.parse(), net::RequestReader::Progress::kComplete) << headers;
    return proxies.client_of(address(peer), reader.request()).to_string();
  }
  TrustedProxies proxies = *TrustedProxies::parse("10.0.0.0/8,2001:db8::/32");
};

TEST_F(ClientBehindProxies, IsTheRightMostThatIsNotTrusted) {
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 203.0.113.7\r\n"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "x-forwarded-for: 198.51.100.9 , 203.0.113.7\r\n"), "203.0.113.7")
      << "the rest is hearsay";
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 198.51.100.9, 203.0.113.7, 10.9.9.9\r\n"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 2001:db8::5,10.9.9.9\r\n"), "2001:db8::5") << "all trusted: the first";
  EXPECT_EQ(client("2001:db8::1", "X-Forwarded-For: [2a00::7]:443\r\n"), "2a00::7");
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 203.0.113.7:1234\r\n"), "203.0.113.7");
}

TEST_F(ClientBehindProxies, SeveralFieldsAreOneList) {
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 203.0.113.7\r\n"), "203.0.113.7")
      << "a client that sends the field itself is not believed";
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 203.0.113.7\r\nA: b\r\nX-Forwarded-For: 10.0.0.2\r\n"), "203.0.113.7");
}

TEST_F(ClientBehindProxies, EmptyElementsAreNone) {
  for (const std::string value : {"203.0.113.7,", ",203.0.113.7", "203.0.113.7, ,10.0.0.2", " , 203.0.113.7 ,\t,,"}) {
    EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: " + value + "\r\n"), "203.0.113.7") << value;
  }
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For:\r\n"), "203.0.113.7");
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: ,\r\nX-Forwarded-For: , ,\r\n"), "10.0.0.1");
}

TEST_F(ClientBehindProxies, IsTheProxyThatHandsOnNoAddress) {
  for (const std::string value : {"", "garbage", "203.0.113.7, unknown", "203.0.113.7;", "\"203.0.113.7\"",
                                  "203.0.113.7 198.51.100.9", "for=203.0.113.7"}) {
    EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: " + value + "\r\n"), "10.0.0.1") << value;
  }
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 203.0.113.7, garbage, 10.0.0.2\r\n"), "10.0.0.2");
  EXPECT_EQ(client("10.0.0.1", ""), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "Forwarded: for=203.0.113.7\r\nX-Real-IP: 203.0.113.7\r\n"), "10.0.0.1");
}

TEST_F(ClientBehindProxies, WhoIsNotTrustedSpeaksForNobodyElse) {
  EXPECT_EQ(client("203.0.113.50", "X-Forwarded-For: 198.51.100.9\r\n"), "203.0.113.50");
  proxies = TrustedProxies();
  EXPECT_EQ(client("10.0.0.1", "X-Forwarded-For: 198.51.100.9\r\n"), "10.0.0.1");
}

}  // namespace
}  // namespace tacos::gateway
