#include "net/peer_address.h"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

namespace tacos::net {
namespace {

PeerAddress v6(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &in.sin6_addr), 1) << text;
  std::memcpy(&storage, &in, sizeof in);
  return PeerAddress::from_socket(storage, sizeof in);
}

PeerAddress v4(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in in{};
  in.sin_family = AF_INET;
  EXPECT_EQ(::inet_pton(AF_INET, text, &in.sin_addr), 1) << text;
  std::memcpy(&storage, &in, sizeof in);
  return PeerAddress::from_socket(storage, sizeof in);
}

TEST(PeerAddress, IsReadFromWhatTheKernelTells) {
  EXPECT_EQ(v4("203.0.113.7").to_string(), "203.0.113.7");
  EXPECT_EQ(v4("203.0.113.7"), PeerAddress::ipv4(0xcb007107));
  EXPECT_EQ(v6("2001:db8::1").to_string(), "2001:db8::1");
  EXPECT_EQ(v6("2001:db8::1").family(), PeerAddress::Family::kIpv6);
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  EXPECT_TRUE(PeerAddress::from_socket(local, sizeof(sa_family_t)).is_unix());
  EXPECT_EQ(PeerAddress::from_socket(local, 0).family(), PeerAddress::Family::kUnknown);
  EXPECT_EQ(PeerAddress().to_string(), "");
}

TEST(PeerAddress, OfAnIpv4ClientOnADualStackSocketIsIpv4) {
  EXPECT_EQ(v6("::ffff:203.0.113.7"), v4("203.0.113.7"));
  EXPECT_EQ(v6("::ffff:203.0.113.7").to_string(), "203.0.113.7");
  EXPECT_TRUE(v6("::ffff:127.0.0.1").is_loopback());
}

TEST(PeerAddress, KnowsLoopback) {
  for (const char* loopback : {"127.0.0.1", "127.255.0.9"}) EXPECT_TRUE(v4(loopback).is_loopback()) << loopback;
  EXPECT_TRUE(v6("::1").is_loopback());
  for (const char* other : {"::", "::2", "1::1", "fe80::1", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(v6(other).is_loopback()) << other;
  }
  EXPECT_FALSE(v4("128.0.0.1").is_loopback());
}

TEST(PeerAddress, IsLimitedByTheSubscribersNetwork) {
  EXPECT_EQ(v6("2001:db8:1:2:aaaa::1").network(), v6("2001:db8:1:2::9").network());
  EXPECT_EQ(v6("2001:db8:1:2:aaaa::1").network().to_string(), "2001:db8:1:2::");
  EXPECT_NE(v6("2001:db8:1:2::1").network(), v6("2001:db8:1:3::1").network());
  EXPECT_NE(v4("203.0.113.7").network(), v4("203.0.113.8").network());
}

}  // namespace
}  // namespace tacos::net
