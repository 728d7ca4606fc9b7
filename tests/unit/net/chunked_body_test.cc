#include "net/chunked_body.h"

#include <string>

#include <gtest/gtest.h>

namespace tacos::net {
namespace {

using Progress = ChunkedBody::Progress;
constexpr std::size_t kMaxBody = 100;

struct Read {
  Progress progress = Progress::kNeedMore;
  std::string body;
  std::size_t taken = 0;
};

Read read(std::string bytes, std::size_t piece) {
  ChunkedBody chunks(kMaxBody);
  Read result;
  std::size_t next = 0;
  std::size_t body_end = 0;
  for (std::size_t end = 0; end < bytes.size() && result.progress == Progress::kNeedMore;) {
    end = std::min(end + piece, bytes.size());
    result.progress = chunks.read(bytes.data(), next, end, body_end);
  }
  result.body = bytes.substr(0, body_end);
  result.taken = next;
  return result;
}

// RFC 9112 section 7.1; white space around ';' and '=' is "bad" but must be taken (section 7.1.1).
TEST(ChunkedBody, JoinsWhatTheGrammarAllows) {
  const std::pair<std::string, std::string> cases[] = {
      {"0\r\n\r\n", ""},
      {"000\r\n\r\n", ""},
      {"3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"3\r\nabc\r\n02\r\nde\r\n0\r\n\r\n", "abcde"},
      {"0000000000000003\r\nabc\r\n0\r\n\r\n", "abc"},
      {"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
      {"64\r\n" + std::string(kMaxBody, 'x') + "\r\n0\r\n\r\n", std::string(kMaxBody, 'x')},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n"},
      {"1;a\r\nx\r\n0;b=c;d=\"e\"\r\n\r\n", "x"},
      {"1 ; a = b\r\nx\r\n0\t;\tc\r\n\r\n", "x"},
      {"1;a=\"b\\\"c;\t\xc3\xa9\"\r\nx\r\n0\r\n\r\n", "x"},
      {"0\r\nX-Sum: 1\r\nY:\r\n\r\n", ""},
  };
  for (const auto& [bytes, body] : cases) {
    for (const std::size_t piece : {1u, 2u, 3u, 1000u}) {
      const Read result = read(bytes + "GET", piece);
      EXPECT_EQ(result.progress, Progress::kDone) << bytes << " by " << piece;
      EXPECT_EQ(result.body, body) << bytes << " by " << piece;
      EXPECT_EQ(result.taken, bytes.size()) << "not a byte of the next request is taken";
    }
  }
}

TEST(ChunkedBody, TakesNothingElse) {
  const std::string cases[] = {
      // sizes
      "\r\n",
      " 1\r\nx\r\n",
      "\t1\r\nx\r\n",
      "1 \r\nx\r\n",
      "1\t\r\nx\r\n",
      "0x1\r\nx\r\n",
      "+1\r\nx\r\n",
      "-1\r\nx\r\n",
      "1_0\r\nx\r\n",
      "1.0\r\nx\r\n",
      "1e\xc2\xa0\r\n",
      "g\r\n",
      "\"1\"\r\nx\r\n",
      "1,1\r\nx\r\n",
      ";a\r\nx\r\n",
      "00000000000000001\r\nx\r\n",
      "10000000000000000\r\n",
      "1 1\r\nx\r\n",
      std::string("1\0\r\n", 4),
      // line ends
      "1\nx\r\n",
      "1\rx\r\n",
      "1\r\r\nx\r\n",
      "1\n\r\nx\r\n",
      "1\r\nx\n",
      "1\r\nx\r0\r\n",
      "1\r\nx\r\r\n",
      "1\r\nxy\r\n",
      "1\r\nx0\r\n\r\n",
      "1\r\nx\r\n\r\n",
      "0\r\n\n",
      "0\r\n\r\r\n",
      "0\n\r\n",
      // extensions
      "1;\r\nx\r\n",
      "1; \r\nx\r\n",
      "1;;a\r\nx\r\n",
      "1;a=\r\nx\r\n",
      "1;a= \r\nx\r\n",
      "1;=b\r\nx\r\n",
      "1;a b\r\nx\r\n",
      "1;a \r\nx\r\n",
      "1;a=b \r\nx\r\n",
      "1;a=b=c\r\nx\r\n",
      "1;a=b,c\r\nx\r\n",
      "1;a\nx\r\n",
      "1;a\rx\r\n",
      "1;a=b\nx\r\n",
      "1;a=\"b\r\nx\r\n",
      "1;a=\"\n\"\r\nx\r\n",
      "1;a=\"\r\"\r\nx\r\n",
      "1;a=\"\r\n\"\r\nx\r\n",
      "1;a=\"\\\n\"\r\nx\r\n",
      "1;a=\"\\\r\"\r\nx\r\n",
      "1;a=\"b\"c\r\nx\r\n",
      "1;a=\"\x01\"\r\nx\r\n",
      "1;a=\"\x7f\"\r\nx\r\n",
      "1;a(\r\nx\r\n",
      "1;\xc3\xa9\r\nx\r\n",
      "1;a=\xc3\xa9\r\nx\r\n",
      std::string("1;a=\"\0\"\r\nx\r\n", 11),
      "0;a=\"\n\r\n\r\nGET\"\r\n\r\n",
      // trailers
      "0\r\nX: a\n\r\n",
      "0\r\nX: a\rb\r\n\r\n",
      "0\r\n X: a\r\n\r\n",
      "0\r\nX: a\r\n b\r\n\r\n",
      "0\r\nX:\r\n\tb\r\n\r\n",
      "0\r\nContent-Length: 1\r\n\r\n",
      "0\r\nX: a\r\nTRANSFER-encoding: chunked\r\n\r\n",
      "0\r\nX : a\r\n\r\n",
      "0\r\n: a\r\n\r\n",
      "0\r\nX\r\n\r\n",
      "0\r\nX: \x01\r\n\r\n",
      "0\r\nX: a\r\r\n\r\n",
      "0\r\nX\n: a\r\n\r\n",
      // endless
      "1;" + std::string(5000, 'a'),
      "1;a=\"" + std::string(5000, 'a'),
      "1" + std::string(5000, ' '),
      "0\r\nX: " + std::string(5000, 'a'),
  };
  for (const std::string& bytes : cases) {
    for (const std::size_t piece : {1u, 2u, 7u, 10000u}) {
      EXPECT_EQ(read(bytes, piece).progress, Progress::kMalformed) << bytes.substr(0, 40) << " by " << piece;
    }
  }
}

TEST(ChunkedBody, BoundsTheExtensionsOfAllChunksTogether) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += "1;" + std::string(4000, 'a') + "\r\nx\r\n";
  EXPECT_EQ(read(bytes + "0\r\n\r\n", 100'000).progress, Progress::kDone);
  EXPECT_EQ(read(bytes + "1;" + std::string(400, 'a'), 100'000).progress, Progress::kMalformed);
}

TEST(ChunkedBody, StopsAtTheLongestBodyBeforeItArrives) {
  EXPECT_EQ(read("65\r\n", 100).progress, Progress::kTooLong);
  EXPECT_EQ(read("64\r\n", 100).progress, Progress::kNeedMore);
  EXPECT_EQ(read("63\r\n" + std::string(99, 'x') + "\r\n2\r\n", 100).progress, Progress::kTooLong);
  EXPECT_EQ(read("63\r\n" + std::string(99, 'x') + "\r\n1\r\n", 1000).progress, Progress::kNeedMore);
  EXPECT_EQ(read("ffffffffffffffff\r\n", 100).progress, Progress::kTooLong);
}

}  // namespace
}  // namespace tacos::net
