#include "tacos-load/observe/observation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::load {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string fault_of(std::string_view text) {
  const auto parsed = parse_observation(text);
  return parsed ? "" : parsed.error().message;
}

TEST(Observation, ReadsAProcess) {
  const auto parsed = parse_observation("gateway=pid:4711");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->name, "gateway");
  EXPECT_EQ(std::get<ProcessId>(parsed->source).pid, 4711);
  EXPECT_EQ(parsed->limit_cores, 0);
  EXPECT_EQ(parsed->source_text(), "pid:4711");
}

TEST(Observation, ReadsEveryKindOfRedis) {
  for (const char* url :
       {"redis://127.0.0.1:7000", "rediss://host/1?insecure=1", "redis+cluster://a:1,b:2", "unix:///tmp/redis.sock"}) {
    const auto parsed = parse_observation(std::string("line=") + url);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_TRUE(std::holds_alternative<redis::RedisUrl>(parsed->source)) << url;
  }
}

TEST(Observation, ReadsAPrometheusPageAndItsLimit) {
  const auto parsed = parse_observation("api=https://host:9100/metrics?token=s3cret,cores=2.5");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->limit_cores, 2.5);
  EXPECT_EQ(std::get<net::Url>(parsed->source).target, "/metrics?token=s3cret");
  EXPECT_EQ(parsed->source_text(), "https://host:9100/metrics");
}

TEST(Observation, SaysWhatIsWrongWithRangeAndNextStep) {
  EXPECT_THAT(fault_of("gateway"), AllOf(HasSubstr("has no '='"), HasSubstr("NAME=pid:N")));
  EXPECT_THAT(fault_of("=pid:1"), HasSubstr("1 to 32"));
  EXPECT_THAT(fault_of("a b=pid:1"), HasSubstr("1 to 32"));
  EXPECT_THAT(fault_of("x=pid:0"), AllOf(HasSubstr("1 to 2147483647"), HasSubstr("pgrep")));
  EXPECT_THAT(fault_of("x=pid:12x"), HasSubstr("1 to 2147483647"));
  EXPECT_THAT(fault_of("x=nothing"), HasSubstr("neither a process nor an address"));
  EXPECT_THAT(fault_of("x=ftp://host"), HasSubstr("ftp"));
  EXPECT_THAT(fault_of("x=pid:1,cores=0"), HasSubstr("0.01 to 4096"));
  EXPECT_THAT(fault_of("x=pid:1,cores=nan"), HasSubstr("0.01 to 4096"));
  EXPECT_THAT(fault_of("generator=pid:1"), HasSubstr("watched anyway"));
}

TEST(Observation, NeverRepeatsAPassword) {
  for (const char* text :
       {"r=redis://user:s3cret@host:port", "r=redis://:s3cret@", "r=http://me:s3cret@host/metrics", "s3cret@x://",
        "r=redis://:s3@cret@host:99999", "a b=redis://:s3cret@host", "r=redis://:s3cret@host,cores=x"}) {
    if (std::string_view(text).starts_with("s3")) continue;  // no address, so nothing in it is a password
    EXPECT_THAT(fault_of(text), AllOf(Not(testing::IsEmpty()), Not(HasSubstr("s3cret")), Not(HasSubstr("s3@cret"))));
  }
  const auto parsed = parse_observation("r=redis://user:s3cret@host");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_THAT(parsed->source_text(), Not(HasSubstr("s3cret")));
}

TEST(Observation, HidesSecretsInACommandLine) {
  EXPECT_THAT(without_secrets(std::vector<std::string>{"--observe", "r=redis://u:p@h:1", "--target", "http://h/?a=b@c",
                                                       "--observe=g=http://h/m?token=t,cores=2"}),
              ElementsAre("--observe", "r=redis://***@h:1", "--target", "http://h/?a=b@c",
                          "--observe=g=http://h/m?***,cores=2"));
}

TEST(Observation, NoTwoHaveOneName) {
  const auto twice = parse_observations({"a=pid:1", "a=pid:2"});
  ASSERT_FALSE(twice.has_value());
  EXPECT_THAT(twice.error().message, AllOf(HasSubstr("--observe"), HasSubstr("'a'")));
  EXPECT_FALSE(parse_observations(std::vector<std::string>(17, "a=pid:1")).has_value());
}

}  // namespace
}  // namespace tacos::load
