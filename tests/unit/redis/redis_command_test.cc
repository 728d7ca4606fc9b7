#include "redis/redis_command.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "redis/redis_script.h"

namespace tacos::redis {
namespace {

TEST(RedisCommand, IsAnArrayOfBulkStrings) {
  std::string buffer;
  RedisCommand(buffer, 3).arg("ZADD").arg(std::string_view("a\r\nb\0c", 6)).arg("");
  EXPECT_EQ(buffer, std::string("*3\r\n$4\r\nZADD\r\n$6\r\na\r\nb\0c\r\n$0\r\n\r\n", 32));
}

TEST(RedisCommand, AppendsToWhatIsThere) {
  std::string buffer;
  append_command(buffer, "PING");
  append_command(buffer, "SELECT", 7);
  EXPECT_EQ(buffer, "*1\r\n$4\r\nPING\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n");
}

TEST(RedisCommand, WritesWholeNumbersToTheirLimits) {
  std::string buffer;
  append_command(buffer, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(),
                 static_cast<std::uint16_t>(0));
  EXPECT_EQ(buffer, "*3\r\n$20\r\n-9223372036854775808\r\n$20\r\n18446744073709551615\r\n$1\r\n0\r\n");
}

TEST(RedisCommand, WritesDoublesSoThatTheyReadBackTheSame) {
  for (const double number : {0.1, 1.0 / 3, 1e300, 5e-324, -1795000000.123456, 9007199254740993.0}) {
    std::string buffer;
    append_command(buffer, number);
    const std::string text = buffer.substr(buffer.find('\n', 4) + 1);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), number) << text;
  }
  std::string buffer;
  append_command(buffer, 12345.0, std::numeric_limits<double>::infinity());
  EXPECT_EQ(buffer, "*2\r\n$5\r\n12345\r\n$3\r\ninf\r\n");
}

TEST(ScriptBook, KnowsScriptsByNameAndTheirSha1) {
  ScriptBook book;
  // SHA-1("abc"), FIPS 180-4's example.
  EXPECT_EQ(book.add("abc", "abc").sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
  // What redis-cli says to SCRIPT LOAD "return 1".
  const RedisScript& one = book.add("one", "return 1");
  EXPECT_EQ(one.sha1, "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  EXPECT_EQ(one.index, 1u);
  EXPECT_EQ(book.find("one"), &one);
  EXPECT_EQ(book.find("two"), nullptr);
}

}  // namespace
}  // namespace tacos::redis
