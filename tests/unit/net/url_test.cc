#include "net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::net {
namespace {

using ::testing::HasSubstr;

TEST(ParseUrl, TakesTheUsualForms) {
  const auto url = parse_url("http://Example.COM:8080/queue/status?token=a%20b#part");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/queue/status?token=a%20b");
  EXPECT_FALSE(url->tls());
  EXPECT_EQ(url->host_header(), "example.com:8080");
}

TEST(ParseUrl, FillsInWhatTheSchemeImplies) {
  const auto plain = parse_url("http://127.0.0.1");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->port, 80);
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(plain->host_header(), "127.0.0.1");
  const auto secure = parse_url("HTTPS://host:443?q=1");
  ASSERT_TRUE(secure.has_value());
  EXPECT_TRUE(secure->tls());
  EXPECT_EQ(secure->target, "/?q=1");
  EXPECT_EQ(secure->host_header(), "host");
  EXPECT_EQ(parse_url("http://host:/x")->port, 80);
}

TEST(ParseUrl, KeepsAnIpv6AddressInBracketsOnlyWhereItIsShown) {
  const auto url = parse_url("http://[::1]:8080/");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->host_header(), "[::1]:8080");
}

TEST(ParseUrl, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "it is empty"},
      {"localhost:8080", "the scheme is missing"},
      {"ftp://host/", "the scheme is 'ftp'"},
      {"http://", "the host is missing"},
      {"http:///path", "the host is missing"},
      {"http://user:secret@host/", "user names"},
      {"http://host:99999/", "the port is '99999', it may be 1 to 65535"},
      {"http://host:0/", "the port is '0'"},
      {"http://host:8o/", "the port is '8o'"},
      {"http://::1/", "an IPv6 address goes in brackets"},
      {"http://[::1/", "'[' has no ']'"},
      {"http://[zz]/", "not an IPv6 address"},
      {"http://[::1]x/", "only a port may follow"},
      {"http://ho st/", "a space"},
      {"http://ho$t/", "is not a host name"},
      {"http://host/\r\nX: y", "a control character"},
  };
  for (const auto& [text, message] : cases) {
    const auto url = parse_url(text);
    ASSERT_TRUE(url.has_error()) << text;
    EXPECT_THAT(url.error().message, HasSubstr(message)) << text;
    EXPECT_THAT(url.error().message, HasSubstr("http://host:port/path")) << text;
  }
}

TEST(ParseHostPort, TakesNamesAddressesAndEveryInterface) {
  EXPECT_EQ(parse_host_port("127.0.0.1:8080")->to_string(), "127.0.0.1:8080");
  EXPECT_EQ(parse_host_port("[::1]:0")->to_string(), "[::1]:0");
  EXPECT_EQ(parse_host_port(":8080")->to_string(), "[::]:8080");
  EXPECT_EQ(parse_host_port("[::]:8080")->host, kEveryInterface);
}

TEST(ParseListenAddress, TakesAHostAndPortOrTheAbsolutePathOfASocket) {
  EXPECT_EQ(parse_listen_address("localhost:80")->to_string(), "localhost:80");
  EXPECT_FALSE(parse_listen_address("localhost:80")->is_unix());
  EXPECT_EQ(parse_listen_address("unix:/run/gateway.sock")->to_string(), "unix:/run/gateway.sock");
  EXPECT_EQ(parse_listen_address("unix:/run/gateway.sock")->unix_path, "/run/gateway.sock");
  for (const char* relative : {"unix:", "unix:gateway.sock", "unix:/run/"}) {
    const auto parsed = parse_listen_address(relative);
    ASSERT_TRUE(parsed.has_error()) << relative;
    EXPECT_THAT(parsed.error().message, HasSubstr("a socket needs an absolute path, such as unix:/run/"));
  }
}

TEST(ParseListenAddress, KnowsWhatOnlyThisMachineCanReach) {
  for (const char* local : {"localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "unix:/run/s"}) {
    EXPECT_TRUE(parse_listen_address(local)->is_local()) << local;
  }
  for (const char* open : {":1", "[::]:1", "0.0.0.0:1", "10.0.0.1:1", "gateway:1"}) {
    EXPECT_FALSE(parse_listen_address(open)->is_local()) << open;
  }
}

TEST(ParseHostPort, SaysWhatIsWrong) {
  for (const auto& [text, message] :
       {std::pair{"8080", "the port is missing"}, std::pair{"localhost:http", "the port is 'http'"},
        std::pair{"::1:80", "brackets"}, std::pair{"host:70000", "0 to 65535"}}) {
    const auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed.has_error()) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace tacos::net
