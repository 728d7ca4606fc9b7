#include "redis/redis_reply.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::redis {
namespace {

using Status = RedisReplyReader::Status;
using Type = RedisReply::Type;
using testing::HasSubstr;

// A reply as text, to compare with.
std::string written(const RedisReply& reply) {
  switch (reply.type()) {
    case Type::kNil:
      return "nil";
    case Type::kInteger:
      return std::to_string(reply.integer());
    case Type::kStatus:
      return "+" + std::string(reply.text());
    case Type::kError:
      return "-" + std::string(reply.text());
    case Type::kString:
      return "'" + std::string(reply.text()) + "'";
    case Type::kArray:
      break;
  }
  std::string text = "[";
  for (const RedisReply& element : reply.elements()) text += written(element) + " ";
  return text + "]";
}

const std::string kStream =
    ":42\r\n+OK\r\n-MOVED 1 a:1\r\n$5\r\nhe\r\nl\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
    "*4\r\n:1\r\n*2\r\n$1\r\nx\r\n*1\r\n:-7\r\n$-1\r\n+done\r\n:9223372036854775807\r\n";
const std::vector<std::string> kReplies = {"42",
                                           "+OK",
                                           "-MOVED 1 a:1",
                                           "'he\r\nl'",
                                           "''",
                                           "nil",
                                           "nil",
                                           "[]",
                                           "[1 ['x' [-7 ] ] nil +done ]",
                                           "9223372036854775807"};

TEST(RedisReplyReader, ReadsTheSameFromPiecesOfAnySize) {
  for (std::size_t piece = 1; piece <= kStream.size(); ++piece) {
    RedisReplyReader reader;
    std::vector<std::string> replies;
    for (std::size_t at = 0; at < kStream.size(); at += piece) {
      reader.feed(std::string_view(kStream).substr(at, piece));
      while (reader.next() == Status::kReply) replies.push_back(written(reader.reply()));
    }
    ASSERT_EQ(replies, kReplies) << "in pieces of " << piece;
  }
}

TEST(RedisReplyReader, KeepsALargeReplyWhole) {
  RedisReplyReader reader;
  const std::string big(300'000, 'x');
  const std::string bytes = "*300\r\n" +
                            [&] {
                              std::string elements;
                              for (int n = 0; n < 300; ++n) elements += "$1000\r\n" + big.substr(0, 1000) + "\r\n";
                              return elements;
                            }() +
                            "$300000\r\n" + big + "\r\n";
  std::size_t replies = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 4096) {
    reader.feed(std::string_view(bytes).substr(at, 4096));
    while (reader.next() == Status::kReply) {
      if (++replies == 1) {
        ASSERT_EQ(reader.reply().elements().size(), 300u);
        for (const RedisReply& element : reader.reply().elements()) ASSERT_EQ(element.text(), big.substr(0, 1000));
      } else {
        ASSERT_EQ(reader.reply().text(), big);
      }
    }
  }
  EXPECT_EQ(replies, 2u);
}

TEST(RedisReplyReader, RefusesWhatIsNoRespAndGoesNoFurther) {
  for (const char* bytes : {"HTTP/1.1 200 OK\r\n", "$abc\r\n", "*-2\r\n", ":12x\r\n", "$-9\r\n", "*1\r\n!\r\n"}) {
    RedisReplyReader reader;
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), Status::kBroken) << bytes;
    EXPECT_NE(reader.fault(), "") << bytes;
    reader.feed(":1\r\n");
    EXPECT_EQ(reader.next(), Status::kBroken) << bytes;
  }
}

TEST(RedisReplyReader, RefusesRepliesBeyondItsLimits) {
  const RedisReplyLimits limits{.max_bytes = 100, .max_elements = 10};
  const std::string element = "$60\r\n" + std::string(60, 'x') + "\r\n";
  const std::string long_text(101, 'x');
  const std::vector<std::string> too_much = {
      "*11\r\n",       "*6\r\n*6\r\n",   "*2\r\n" + element + element, "$1000\r\n" + long_text,
      "+" + long_text, "*2147483647\r\n"};
  for (const std::string& bytes : too_much) {
    RedisReplyReader reader(limits);
    reader.feed(bytes);
    EXPECT_EQ(reader.next(), Status::kBroken) << bytes;
    EXPECT_THAT(reader.fault(), HasSubstr("beyond 100 bytes")) << bytes;
  }
  RedisReplyReader reader(limits);
  for (int n = 0; n < 20; ++n) {
    reader.feed("*1\r\n" + element);
    ASSERT_EQ(reader.next(), Status::kReply) << "limits are of one reply";
  }
}

TEST(RedisReplyReader, RefusesDeepNesting) {
  RedisReplyReader reader;
  std::string bytes;
  for (int depth = 0; depth < 50; ++depth) bytes += "*1\r\n";
  reader.feed(bytes);
  EXPECT_EQ(reader.next(), Status::kBroken);
}

TEST(RedisReply, ReadsNumbersThatScriptsHandOnAsText) {
  RedisReplyReader reader;
  reader.feed("*4\r\n:7\r\n$2\r\n-8\r\n$3\r\n1.5\r\n$-1\r\n");
  ASSERT_EQ(reader.next(), Status::kReply);
  EXPECT_EQ(reader.reply().at(0).as_integer(), 7);
  EXPECT_EQ(reader.reply().at(1).as_integer(), -8);
  EXPECT_EQ(reader.reply().at(2).as_integer(), std::nullopt);
  EXPECT_EQ(reader.reply().at(3).as_integer(), std::nullopt);
  EXPECT_TRUE(reader.reply().at(4).is_nil()) << "an element that is not there";
}

TEST(RedisReply, KnowsAnErrorByItsFirstWord) {
  RedisReplyReader reader;
  reader.feed("-NOSCRIPT No matching script.\r\n-ASKED\r\n");
  ASSERT_EQ(reader.next(), Status::kReply);
  EXPECT_TRUE(reader.reply().is_error("NOSCRIPT"));
  ASSERT_EQ(reader.next(), Status::kReply);
  EXPECT_FALSE(reader.reply().is_error("ASK"));
}

}  // namespace
}  // namespace tacos::redis
