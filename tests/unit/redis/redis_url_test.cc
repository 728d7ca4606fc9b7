#include "redis/redis_url.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string fault_of(std::string_view text) {
  const auto url = parse_redis_url(text);
  return url.has_error() ? url.error().message : "";
}

TEST(RedisUrl, OfOneServerHasDefaults) {
  const auto url = parse_redis_url("redis://Cache.internal");
  ASSERT_TRUE(url.has_value());
  ASSERT_EQ(url->addresses.size(), 1u);
  EXPECT_EQ(url->addresses[0].host, "cache.internal");
  EXPECT_EQ(url->addresses[0].port, 6379);
  EXPECT_FALSE(url->cluster);
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->database, 0);
  EXPECT_EQ(url->to_string(), "redis://cache.internal:6379");
}

TEST(RedisUrl, HoldsUserPasswordPortAndDatabase) {
  const auto url = parse_redis_url("redis://queue:p%40ss%2Fw@10.0.0.7:6380/3");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->user, "queue");
  EXPECT_EQ(url->password, "p@ss/w");
  EXPECT_EQ(url->addresses[0].to_string(), "10.0.0.7:6380");
  EXPECT_EQ(url->database, 3);
}

TEST(RedisUrl, TakesThePasswordOfTheDefaultUser) {
  const auto url = parse_redis_url("redis://:secret@localhost");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->password, "secret");
}

TEST(RedisUrl, OfAClusterNamesSeveralNodes) {
  const auto url = parse_redis_url("rediss+cluster://u:p@a:7000,[::1]:7001,c/?ca_file=%2Fetc%2Fca.pem");
  ASSERT_TRUE(url.has_value());
  EXPECT_TRUE(url->cluster);
  EXPECT_TRUE(url->tls);
  ASSERT_EQ(url->addresses.size(), 3u);
  EXPECT_EQ(url->addresses[1].host, "::1");
  EXPECT_EQ(url->addresses[1].to_string(), "[::1]:7001");
  EXPECT_EQ(url->addresses[2].port, 6379);
  EXPECT_EQ(url->ca_file, "/etc/ca.pem");
  EXPECT_FALSE(url->insecure);
}

TEST(RedisUrl, OfAUnixSocketIsAPath) {
  const auto url = parse_redis_url("unix:///run/redis/socket?database=2");
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->addresses[0].unix_path, "/run/redis/socket");
  EXPECT_EQ(url->database, 2);
  EXPECT_EQ(url->to_string(), "unix:///run/redis/socket?database=2");
}

TEST(RedisUrl, SaysWhatIsWrongAndWhatIsExpected) {
  EXPECT_THAT(fault_of(""), HasSubstr("it is empty"));
  EXPECT_THAT(fault_of("localhost:6379"), HasSubstr("the scheme is missing"));
  EXPECT_THAT(fault_of("http://localhost"), HasSubstr("the scheme is 'http'; write it as redis://"));
  EXPECT_THAT(fault_of("redis://"), HasSubstr("the host is missing"));
  EXPECT_THAT(fault_of("redis://a:70000"), HasSubstr("the port is '70000', it may be 1 to 65535"));
  EXPECT_THAT(fault_of("redis://a/x"), HasSubstr("the database is 'x', it may be 0 to 16383"));
  EXPECT_THAT(fault_of("redis://a,b"), HasSubstr("several hosts, which only redis+cluster:// takes"));
  EXPECT_THAT(fault_of("redis+cluster://a,b/1"), HasSubstr("a cluster has only database 0"));
  EXPECT_THAT(fault_of("redis://a?insecure=1"), HasSubstr("needs TLS, which rediss:// has"));
  EXPECT_THAT(fault_of("rediss://a?insecure=yes"), HasSubstr("the option is 'insecure=yes'"));
  EXPECT_THAT(fault_of("redis://::1"), HasSubstr("an IPv6 address goes in brackets"));
  EXPECT_THAT(fault_of("unix://"), HasSubstr("the path of the socket is missing"));
  EXPECT_THAT(fault_of("redis://a b"), HasSubstr("a space"));
}

TEST(RedisUrl, NeverRepeatsAPassword) {
  for (const char* text : {"redis://u:hunter2@:1", "redis://u:hunter2@a:x", "http://u:hunter2@a",
                           "redis://u:hunter2 @a", "u:hunter2@a", "redis://u:hunter2%zz@a"}) {
    EXPECT_THAT(fault_of(text), Not(HasSubstr("hunter2"))) << text;
    EXPECT_THAT(fault_of(text), Not(testing::IsEmpty())) << text;
  }
  EXPECT_THAT(parse_redis_url("redis://u:hunter2@a")->to_string(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace tacos::redis
