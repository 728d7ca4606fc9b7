#include "redis/redis_slots.h"

#include <gtest/gtest.h>

#include "redis/redis_reply.h"

namespace tacos::redis {
namespace {

const RedisAddress kAsked{"10.0.0.9", 7000, ""};

// Redis Cluster specification, "Key distribution model": the published check value.
TEST(RedisSlot, UsesTheChecksumOfTheSpecification) {
  EXPECT_EQ(crc16("123456789"), 0x31C3);
  EXPECT_EQ(redis_slot("123456789"), 12739);
  EXPECT_EQ(crc16(""), 0);
}

// The slots that the Redis Cluster tutorial's redirections show for these keys.
TEST(RedisSlot, IsThatOfTheClusterTutorial) {
  EXPECT_EQ(redis_slot("foo"), 12182);
  EXPECT_EQ(redis_slot("hello"), 866);
}

// Redis Cluster specification, "Hash tags": its examples.
TEST(RedisSlot, HashesOnlyTheTag) {
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("{user1000}.followers"));
  EXPECT_EQ(redis_slot("{user1000}.following"), redis_slot("user1000"));
  EXPECT_EQ(redis_slot("foo{}{bar}"), crc16("foo{}{bar}") % kRedisSlots);
  EXPECT_EQ(redis_slot("foo{{bar}}zap"), redis_slot("{bar"));
  EXPECT_EQ(redis_slot("foo{bar}{zap}"), redis_slot("bar"));
  EXPECT_EQ(redis_slot("foo{bar"), crc16("foo{bar") % kRedisSlots);
}

class SlotsReply {
 public:
  explicit SlotsReply(std::string_view bytes) {
    reader_.feed(bytes);
    EXPECT_EQ(reader_.next(), RedisReplyReader::Status::kReply);
  }
  core::Result<std::vector<SlotRange>> ranges() const { return parse_cluster_slots(reader_.reply(), kAsked); }

 private:
  RedisReplyReader reader_;
};

TEST(ClusterSlots, TellRangesPrimariesAndReplicas) {
  const auto ranges = SlotsReply(
                          "*2\r\n"
                          "*4\r\n:0\r\n:8191\r\n*3\r\n$9\r\n127.0.0.1\r\n:7001\r\n$2\r\nid\r\n"
                          "*4\r\n$9\r\n127.0.0.1\r\n:7002\r\n$2\r\nid\r\n*0\r\n"
                          "*3\r\n:8192\r\n:16383\r\n*2\r\n$0\r\n\r\n:7003\r\n")
                          .ranges();
  ASSERT_TRUE(ranges.has_value()) << ranges.error().message;
  ASSERT_EQ(ranges->size(), 2u);
  EXPECT_EQ(ranges->at(0).last, 8191);
  EXPECT_EQ(ranges->at(0).primary.to_string(), "127.0.0.1:7001");
  ASSERT_EQ(ranges->at(0).replicas.size(), 1u);
  EXPECT_EQ(ranges->at(0).replicas[0].port, 7002);
  EXPECT_EQ(ranges->at(1).primary.to_string(), "10.0.0.9:7003") << "a host not told is the one that was asked";
}

TEST(ClusterSlots, SayWhatIsWrongWithThem) {
  EXPECT_EQ(SlotsReply("-ERR This instance has cluster support disabled\r\n").ranges().error().message,
            "CLUSTER SLOTS was answered 'ERR This instance has cluster support disabled'");
  EXPECT_EQ(SlotsReply("*0\r\n").ranges().error().message,
            "CLUSTER SLOTS has no slots; the cluster has not been put together");
  EXPECT_TRUE(SlotsReply(":1\r\n").ranges().has_error());
  EXPECT_TRUE(SlotsReply("*1\r\n*3\r\n:5\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n").ranges().has_error());
  EXPECT_TRUE(SlotsReply("*1\r\n:1\r\n").ranges().has_error());
}

TEST(Redirection, NamesSlotAndPlace) {
  const auto moved = parse_redirection("MOVED 3999 127.0.0.1:6381", kAsked);
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(moved->slot, 3999);
  EXPECT_EQ(moved->to.to_string(), "127.0.0.1:6381");
  EXPECT_EQ(parse_redirection("ASK 1 ::1:6381", kAsked)->to.host, "::1");
  EXPECT_EQ(parse_redirection("MOVED 1 :6381", kAsked)->to.to_string(), "10.0.0.9:6381");
  for (const char* text : {"MOVED", "MOVED 1", "MOVED x a:1", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:0",
                           "MOVED 1 ?:7000", "MOVED  a:1"}) {
    EXPECT_FALSE(parse_redirection(text, kAsked).has_value()) << text;
  }
}

}  // namespace
}  // namespace tacos::redis
