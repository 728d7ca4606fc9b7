#include "net/http_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::net {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ResponseFraming kPlain{"Sun, 06 Nov 1994 08:49:37 GMT", false, true, 1};

std::string written(const HttpResponse& response, const ResponseFraming& framing) {
  std::string out;
  append_response(out, response, framing);
  return out;
}

TEST(AppendResponse, WritesTheWholeAnswer) {
  EXPECT_EQ(written({202, "application/json", "{}", "X-Trace-Id: 1\r\n", false}, kPlain),
            "HTTP/1.1 202 Accepted\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\nX-Trace-Id: 1\r\n\r\n{}");
}

TEST(AppendResponse, TellsHeadTheLengthButNotTheBody) {
  ResponseFraming framing = kPlain;
  framing.head = true;
  const std::string text = written({200, "text/plain", "hello", "", false}, framing);
  EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(AppendResponse, GivesNoLengthWhereNoBodyMayBe) {
  EXPECT_THAT(written({204, "text/plain", "dropped", "", false}, kPlain), Not(HasSubstr("Content-")));
  EXPECT_THAT(written({200, "text/plain", "", "", false}, kPlain), HasSubstr("Content-Length: 0\r\n"));
}

TEST(AppendResponse, SaysWhatBecomesOfTheConnection) {
  ResponseFraming framing = kPlain;
  EXPECT_THAT(written({}, framing), Not(HasSubstr("Connection:")));
  framing.minor_version = 0;
  EXPECT_THAT(written({}, framing), HasSubstr("Connection: keep-alive\r\n"));
  framing.keep_alive = false;
  EXPECT_THAT(written({}, framing), HasSubstr("Connection: close\r\n"));
}

TEST(FormatHttpDate, MatchesTheExampleOfTheStandard) {
  EXPECT_EQ(format_http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace tacos::net
