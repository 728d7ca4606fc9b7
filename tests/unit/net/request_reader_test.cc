#include "net/request_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace tacos::net {
namespace {

using Progress = RequestReader::Progress;

struct Outcome {
  Progress progress = Progress::kNeedMore;
  std::vector<std::string> seen;  // "METHOD path?query body" of each complete request
  std::optional<int> refused;
};

void feed(RequestReader& reader, std::string_view bytes, Outcome& outcome) {
  while (!bytes.empty() && !outcome.refused) {
    const auto room = reader.prepare();
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    reader.commit(size);
    bytes.remove_prefix(size);
    while ((outcome.progress = reader.parse()) == Progress::kComplete) {
      const HttpRequest& request = reader.request();
      std::string text(name_of(request.method()));
      text.append(" ").append(request.path());
      if (!request.query().empty()) text.append("?").append(request.query());
      if (!request.body().empty()) text.append(" ").append(request.body());
      outcome.seen.push_back(text);
      reader.finish();
    }
    if (outcome.progress == Progress::kRefused) outcome.refused = status_of(reader.refusal());
  }
}

Outcome read_in_pieces(const std::string& bytes, std::size_t piece, const RequestLimits& limits) {
  RequestReader reader(limits);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size() && !outcome.refused; at += piece) {
    feed(reader, std::string_view(bytes).substr(at, piece), outcome);
  }
  return outcome;
}

// The path and the Origin that are left of a request that is refused.
std::string left_of(const std::string& bytes, const RequestLimits& limits = {}) {
  RequestReader reader(limits);
  Outcome outcome;
  feed(reader, bytes, outcome);
  EXPECT_TRUE(outcome.refused.has_value()) << bytes;
  const HttpRequest& request = reader.request();
  EXPECT_FALSE(request.has_header("Host"));
  return std::string(request.path()) + " " + std::string(request.header("Origin"));
}

TEST(RequestReader, LeavesOfARefusedRequestItsPathAndItsOriginForTheAnswer) {
  const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\nORIGIN:  http://b \r\n";
  EXPECT_EQ(left_of(head + "Expect: magic\r\n\r\n"), "/p http://b") << 417;
  EXPECT_EQ(left_of(head + "Content-Length: 99999999\r\n\r\n"), "/p http://b") << 413;
  EXPECT_EQ(left_of(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "/p http://b") << 400;
  EXPECT_EQ(left_of(head + "X: " + std::string(20'000, 'x')), "/ http://b") << 431;
  EXPECT_EQ(left_of("GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n"),
            "/ http://b")
      << 414;
  EXPECT_EQ(left_of(head + "Content-Length: 99999999\r\n\r\n\r\nOrigin: http://c\r\n"), "/p http://b") << "a body";
  EXPECT_EQ(left_of(head + "Origin: http://c\r\n\r\n"), "/p ") << "whose it is is not known";
  EXPECT_EQ(left_of("GET / HTTP/1.1\r\nHost: a\r\nXOrigin: http://b\r\nExpect: magic\r\n\r\n"), "/ ");
  EXPECT_EQ(left_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n\n"), "/ ") << "of the request before nothing is left";
}

struct Case {
  const char* name;
  std::string bytes;
  std::vector<std::string> seen;
  std::optional<int> refused = std::nullopt;
};

std::string nul(std::string text) {
  std::replace(text.begin(), text.end(), '\1', '\0');
  return text;
}

const std::string kHost = "Host: a\r\n";

// The cases that decide whether a server can be confused: RFC 9112 sections 2 to 7, after the list of Http11Probe.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      // what must be taken
      {"a plain GET", "GET /p?q=1 HTTP/1.1\r\n" + kHost + "\r\n", {"GET /p?q=1"}},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", {"GET /"}},
      {"a body by length", "POST /p HTTP/1.1\r\n" + kHost + "Content-Length: 5\r\n\r\nhello", {"POST /p hello"}},
      {"a length of zero", "POST /p HTTP/1.1\r\n" + kHost + "Content-Length: 0\r\n\r\n", {"POST /p"}},
      {"a body of chunks",
       "POST /p HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
       {"POST /p abcde"}},
      {"chunk extensions",
       "POST /p HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n0;z\r\n\r\n",
       {"POST /p abc"}},
      {"trailers",
       "POST /p HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n",
       {"POST /p a"}},
      {"two in one packet",
       "GET /1 HTTP/1.1\r\n" + kHost + "\r\nGET /2 HTTP/1.1\r\n" + kHost + "\r\n",
       {"GET /1", "GET /2"}},
      {"a body and then another",
       "POST /1 HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\n" + kHost + "\r\n",
       {"POST /1 x", "GET /2"}},
      {"traceparent twice", "GET / HTTP/1.1\r\n" + kHost + "traceparent: a\r\ntraceparent: b\r\n\r\n", {"GET /"}},
      {"100-continue as a list",
       "POST /p HTTP/1.1\r\n" + kHost + "Expect: 100-continue, 100-Continue ,\r\nContent-Length: 1\r\n\r\nx",
       {"POST /p x"}},
      {"100-continue in two fields",
       "POST /p HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
       {"POST /p x"}},
      {"an empty Expect", "GET / HTTP/1.1\r\n" + kHost + "Expect: \r\n\r\n", {"GET /"}},
      {"an Expect of commas", "GET / HTTP/1.1\r\n" + kHost + "Expect: ,\t, \r\n\r\n", {"GET /"}},
      {"100-continue and another expectation",
       "GET / HTTP/1.1\r\n" + kHost + "Expect: 100-continue,,more\r\n\r\n",
       {},
       417},
      {"Authorization twice",
       "GET / HTTP/1.1\r\n" + kHost + "Authorization: Bearer a\r\nAUTHORIZATION: Bearer b\r\n\r\n",
       {},
       400},
      {"Authorization twice, the same",
       "GET / HTTP/1.1\r\n" + kHost + "Authorization: Bearer a\r\nX: y\r\nAuthorization: Bearer a\r\n\r\n",
       {},
       400},
      {"Idempotency-Key twice",
       "GET / HTTP/1.1\r\n" + kHost + "Idempotency-Key: a\r\nidempotency-key: b\r\n\r\n",
       {},
       400},
      {"Idempotency-Key twice, one empty",
       "GET / HTTP/1.1\r\n" + kHost + "Idempotency-Key:\r\nIdempotency-Key: b\r\n\r\n",
       {},
       400},
      {"Origin twice", "GET / HTTP/1.1\r\n" + kHost + "Origin: http://a\r\nOrigin: http://b\r\n\r\n", {}, 400},
      {"Content-Type twice",
       "GET / HTTP/1.1\r\n" + kHost + "Content-Type: application/json\r\nContent-Type: text/plain\r\n\r\n",
       {},
       400},
      {"each of them once",
       "GET / HTTP/1.1\r\n" + kHost +
           "Authorization: a\r\nIdempotency-Key: b\r\nOrigin: http://c\r\n"
           "Content-Type: d\r\n\r\n",
       {"GET /"}},
      {"an empty line before", "\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", {"GET /"}},
      {"absolute form", "GET http://a/p?q HTTP/1.1\r\n" + kHost + "\r\n", {"GET /p?q"}},
      {"absolute form, nothing behind the host", "GET http://a HTTP/1.1\r\n" + kHost + "\r\n", {"GET /"}},
      {"absolute form, only a query", "GET http://a?q=1 HTTP/1.1\r\n" + kHost + "\r\n", {"GET /?q=1"}},
      {"asterisk form", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", {"OPTIONS *"}},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", {"GET /"}},
      {"a header without a space", "GET / HTTP/1.1\r\nHost:a\r\n\r\n", {"GET /"}},
      {"a header with tabs around it", "GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n", {"GET /"}},
      {"an empty header value", "GET / HTTP/1.1\r\n" + kHost + "X:\r\nY: 1\r\n\r\n", {"GET /"}},
      {"bytes above 127 in a value", "GET / HTTP/1.1\r\n" + kHost + "X: \xc3\xa9\r\n\r\n", {"GET /"}},
      {"a GET with a body", "GET / HTTP/1.1\r\n" + kHost + "Content-Length: 2\r\n\r\nab", {"GET / ab"}},
      {"chunked in capitals",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
       {"POST /"}},
      {"leading zeros in a length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0002\r\n\r\nab", {"POST / ab"}},
      {"Expect in HTTP/1.0 is ignored", "POST / HTTP/1.0\r\nExpect: magic\r\nContent-Length: 1\r\n\r\na", {"POST / a"}},
      {"not yet complete", "GET / HTTP/1.1\r\n" + kHost, {}},
      // who is being talked to
      {"no Host", "GET / HTTP/1.1\r\n\r\n", {}, 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {}, 400},
      {"two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", {}, 400},
      {"a user in Host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", {}, 400},
      {"a path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {}, 400},
      {"a space in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", {}, 400},
      {"a list in Host", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", {}, 400},
      {"a port that is no number in Host", "GET / HTTP/1.1\r\nHost: x:abc\r\n\r\n", {}, 400},
      {"an open bracket in Host", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", {}, 400},
      {"two ports in Host", "GET / HTTP/1.1\r\nHost: x:1:2\r\n\r\n", {}, 400},
      {"a port beyond 65535 in Host", "GET / HTTP/1.1\r\nHost: x:65536\r\n\r\n", {}, 400},
      {"only a port in Host", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", {}, 400},
      {"an IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:65535\r\n\r\n", {"GET /"}},
      {"an empty port in Host", "GET / HTTP/1.1\r\nHost: x:\r\n\r\n", {"GET /"}},
      {"a port that is no number in the target", "GET http://x:abc/ HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a user in the target", "GET http://u@x/ HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"an open bracket in the target", "GET http://[::1/ HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"CONNECT to a host and port", "CONNECT x:1 HTTP/1.1\r\n" + kHost + "\r\n", {"CONNECT x:1"}},
      {"CONNECT without a port", "CONNECT x1 HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"CONNECT to a path", "CONNECT / HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      // request line
      {"lone LF", "GET / HTTP/1.1\n" + kHost + "\r\n", {}, 400},
      {"lone LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", {}, 400},
      {"lone CR in the request line", "GET / HTTP/1.1\rX\n" + kHost + "\r\n", {}, 400},
      {"lone CR in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\rb\r\n\r\n", {}, 400},
      {"lone LF before the request", "\nGET / HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"two spaces", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a tab instead of a space", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a space before the method", " GET / HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a space behind the version", "GET / HTTP/1.1 \r\n" + kHost + "\r\n", {}, 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a fragment", "GET /a#b HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a target that is no path", "GET a HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"another scheme", "GET ftp://a/ HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"absolute form without a host", "GET http:///p HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"asterisk with GET", "GET * HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"HTTP/0.9", "GET /\r\n\r\n", {}, 400},
      {"http in lower case", "GET / http/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"no digits in the version", "GET / HTTP/1.x\r\n" + kHost + "\r\n", {}, 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\n" + kHost + "\r\n", {}, 505},
      {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {}, 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + kHost + "\r\n", {}, 505},
      {"an unknown method", "BREW / HTTP/1.1\r\n" + kHost + "\r\n", {}, 501},
      {"a method in lower case", "get / HTTP/1.1\r\n" + kHost + "\r\n", {}, 501},
      {"NUL in the target", nul("GET /\1 HTTP/1.1\r\n") + kHost + "\r\n", {}, 400},
      {"NUL in a value", nul("GET / HTTP/1.1\r\nHost: a\r\nX: \1\r\n\r\n"), {}, 400},
      {"NUL in a name", nul("GET / HTTP/1.1\r\nHost: a\r\nX\1: 1\r\n\r\n"), {}, 400},
      {"a TLS greeting", "\x16\x03\x01\x02", {}, 400},
      // fields
      {"a space before the colon", "GET / HTTP/1.1\r\n" + kHost + "X : 1\r\n\r\n", {}, 400},
      {"an empty name", "GET / HTTP/1.1\r\n" + kHost + ": 1\r\n\r\n", {}, 400},
      {"no colon", "GET / HTTP/1.1\r\n" + kHost + "nothing\r\n\r\n", {}, 400},
      {"a space before the first field", "GET / HTTP/1.1\r\n X: 1\r\n" + kHost + "\r\n", {}, 400},
      {"a folded line", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n b\r\n\r\n", {}, 400},
      {"a line folded by a tab", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n\tb\r\n\r\n", {}, 400},
      {"a folded line whose first is empty", "GET / HTTP/1.1\r\n" + kHost + "X:\r\n b\r\n\r\n", {}, 400},
      {"a folded line whose first is blank", "GET / HTTP/1.1\r\n" + kHost + "X: \t\r\n\tb\r\n\r\n", {}, 400},
      {"a folded line that is blank", "GET / HTTP/1.1\r\n" + kHost + "X: a\r\n \r\n\r\n", {}, 400},
      {"a folded Host", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n", {}, 400},
      {"a folded Transfer-Encoding",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
       {},
       400},
      {"a folded Content-Length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length:\r\n 1\r\n\r\nx", {}, 400},
      {"a fold before any field", "GET / HTTP/1.1\r\n\t\r\n" + kHost + "\r\n", {}, 400},
      {"DEL in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\x7f\r\n\r\n", {}, 400},
      {"an empty Transfer-Encoding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding:\r\n\r\n", {}, 400},
      {"a control character in a value", "GET / HTTP/1.1\r\n" + kHost + "X: a\x01\r\n\r\n", {}, 400},
      {"an unknown expectation", "POST / HTTP/1.1\r\n" + kHost + "Expect: magic\r\nContent-Length: 1\r\n\r\n", {}, 417},
      // where the body ends
      {"both framings",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       {},
       400},
      {"both framings, the other way round",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       {},
       400},
      {"two lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", {}, 400},
      {"two equal lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", {}, 400},
      {"a list of lengths", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1, 1\r\n\r\n", {}, 400},
      {"a signed length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: +1\r\n\r\n", {}, 400},
      {"a negative length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: -1\r\n\r\n", {}, 400},
      {"a hexadecimal length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 0x1\r\n\r\n", {}, 400},
      {"an empty length", "POST / HTTP/1.1\r\n" + kHost + "Content-Length:\r\n\r\n", {}, 400},
      {"a length beyond 64 bits",
       "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 18446744073709551616\r\n\r\n",
       {},
       400},
      {"another coding", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip\r\n\r\n", {}, 501},
      {"two codings", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n", {}, 501},
      {"chunked twice", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, chunked\r\n\r\n", {}, 501},
      {"chunked in two fields",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       {},
       400},
      {"chunked and identity", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked, identity\r\n\r\n", {}, 501},
      {"a disguised chunked", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n", {}, 501},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", {}, 400},
      {"a chunk size that is no number",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       {},
       400},
      {"a chunk size with 0x",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
       {},
       400},
      {"a negative chunk size",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n",
       {},
       400},
      {"a chunk size beyond 64 bits",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
       {},
       400},
      {"a chunk longer than it says",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
       {},
       400},
      {"a chunk that ends in a lone LF",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
       {},
       400},
      {"a line feed quoted in a chunk extension, and a request behind it",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1;a=\"\n\"\r\nx\r\n0\r\n\r\n" +
           "GET /smuggled HTTP/1.1\r\n" + kHost + "\r\n",
       {},
       400},
      {"a folded trailer",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\nX:\r\n a\r\n\r\n",
       {},
       400},
      {"a broken percent code in the path", "GET /%zz HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      {"a lone percent in the query", "GET /?100% HTTP/1.1\r\n" + kHost + "\r\n", {"GET /?100%"}},
      {"bytes above 127 in the target", "GET /\xc3\xa9 HTTP/1.1\r\n" + kHost + "\r\n", {}, 400},
      // limits
      {"a long target", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", {}, 414},
      {"an endless request line", "GET /" + std::string(70000, 'a'), {}, 414},
      {"a long header", "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(20000, 'a') + "\r\n\r\n", {}, 431},
      {"an endless header", "GET / HTTP/1.1\r\nX: " + std::string(70000, 'a'), {}, 431},
      {"a long body", "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 65537\r\n\r\n", {}, 413},
      {"a long chunk", "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n10001\r\n", {}, 413},
      {"an endless chunk extension",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(70000, 'a'),
       {},
       400},
      {"endless trailers",
       "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(70000, 'a'),
       {},
       400},
      {"endless empty lines", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", {}, 400},
  };
  return all;
}

TEST(RequestReader, TakesWhatIsRightAndRefusesWhatIsNot) {
  const RequestLimits limits;
  for (const Case& c : cases()) {
    const Outcome outcome = read_in_pieces(c.bytes, c.bytes.size(), limits);
    EXPECT_EQ(outcome.seen, c.seen) << c.name;
    EXPECT_EQ(outcome.refused, c.refused) << c.name;
  }
}

TEST(RequestReader, ReadsTheSameHoweverTheBytesArrive) {
  const RequestLimits limits;
  for (const Case& c : cases()) {
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1000u}) {
      const Outcome outcome = read_in_pieces(c.bytes, piece, limits);
      EXPECT_EQ(outcome.seen, c.seen) << c.name << " in pieces of " << piece;
      EXPECT_EQ(outcome.refused, c.refused) << c.name << " in pieces of " << piece;
    }
  }
}

TEST(RequestReader, RefusesTooManyHeaders) {
  RequestLimits limits;
  limits.max_headers = 4;
  std::string bytes = "GET / HTTP/1.1\r\n" + kHost;
  for (int i = 0; i < 3; ++i) bytes += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(read_in_pieces(bytes + "\r\n", 4096, limits).refused, std::nullopt);
  EXPECT_EQ(read_in_pieces(bytes + "Y: 1\r\n\r\n", 4096, limits).refused, 431);
}

TEST(RequestReader, TakesAHeadOfExactlyTheLimit) {
  const RequestLimits limits;
  const std::string begin = "GET / HTTP/1.1\r\n" + kHost + "X: ";
  const std::string end = "\r\n\r\n";
  const std::size_t room = limits.max_head_bytes - begin.size() - end.size();
  for (const std::size_t piece : {100u, 100'000u}) {
    const std::string longest = begin + std::string(room, 'a') + end;
    const Outcome taken = read_in_pieces(longest + longest, piece, limits);
    EXPECT_EQ(taken.seen.size(), 2u);
    EXPECT_EQ(taken.refused, std::nullopt);
    EXPECT_EQ(read_in_pieces(begin + std::string(room + 1, 'a') + end, piece, limits).refused, 431);
  }
}

TEST(RequestReader, FindsHeadersWhateverTheirCase) {
  const RequestLimits limits;
  RequestReader reader(limits);
  Outcome ignored;
  const std::string bytes =
      "POST /p?a=1&token=t&tokens=x&b HTTP/1.0\r\nAUTHORIZATION: Bearer g\r\nX-Empty:\r\nContent-Length: 2\r\n\r\n{}";
  const auto room = reader.prepare();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  reader.commit(bytes.size());
  ASSERT_EQ(reader.parse(), Progress::kComplete);
  const HttpRequest& request = reader.request();
  EXPECT_EQ(request.header("Authorization"), "Bearer g");
  EXPECT_EQ(request.header("x-empty"), "");
  EXPECT_TRUE(request.has_header("x-empty"));
  EXPECT_FALSE(request.has_header("x-other"));
  EXPECT_EQ(request.query_value("token"), "t");
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_EQ(request.query_value("b"), "");
  EXPECT_EQ(request.query_value("c"), "");
  EXPECT_EQ(request.body(), "{}");
  EXPECT_EQ(request.minor_version(), 0);
  EXPECT_FALSE(request.keep_alive());
}

TEST(RequestReader, SaysOnceThatTheClientWaitsToContinue) {
  const RequestLimits limits;
  RequestReader reader(limits);
  Outcome outcome;
  feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", outcome);
  EXPECT_EQ(outcome.progress, Progress::kExpectContinue);
  feed(reader, "ab", outcome);
  EXPECT_EQ(outcome.progress, Progress::kNeedMore);
  feed(reader, "cd", outcome);
  EXPECT_EQ(outcome.seen, std::vector<std::string>{"POST / abcd"});
}

TEST(RequestReader, RefusesATooLongBodyBeforeTheClientSendsIt) {
  const RequestLimits limits;
  RequestReader reader(limits);
  Outcome outcome;
  feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n", outcome);
  EXPECT_EQ(outcome.refused, 413);
}

TEST(RequestReader, KeepsItsBufferWithinTheLimitsHoweverSmallTheChunks) {
  const RequestLimits limits;
  RequestReader reader(limits);
  Outcome outcome;
  feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", outcome);
  for (std::size_t i = 0; i < limits.max_body_bytes; ++i) feed(reader, "1\r\nx\r\n", outcome);
  EXPECT_LE(reader.capacity(), limits.max_head_bytes + limits.max_body_bytes + 16 * 1024);
  feed(reader, "0\r\n\r\n", outcome);
  ASSERT_EQ(outcome.seen.size(), 1u);
  EXPECT_EQ(outcome.seen[0], "POST / " + std::string(limits.max_body_bytes, 'x'));
}

TEST(RequestReader, GivesALargeBufferBackWhenAsked) {
  const RequestLimits limits;
  RequestReader reader(limits);
  Outcome outcome;
  feed(reader, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + std::string(60000, 'x'), outcome);
  ASSERT_EQ(outcome.seen.size(), 1u);
  EXPECT_GE(reader.capacity(), 60000u);
  EXPECT_TRUE(reader.empty());
  reader.shrink();
  EXPECT_EQ(reader.capacity(), 0u);
  feed(reader, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", outcome);
  EXPECT_EQ(outcome.seen.back(), "GET /");
}

// Any split of a long pipelined stream gives the same requests: the buffer moves and grows at every possible place.
TEST(RequestReader, SurvivesRandomSplits) {
  const RequestLimits limits;
  std::string stream;
  std::vector<std::string> expected;
  core::Random random(11);
  for (int i = 0; i < 60; ++i) {
    const std::string body(random.below(3000), static_cast<char>('a' + i % 26));
    const std::string path = "/" + std::to_string(i);
    if (i % 2 == 0) {
      stream += "POST " + path + " HTTP/1.1\r\n" + kHost + "Content-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body;
    } else {
      stream += "POST " + path + " HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
      for (std::size_t at = 0; at < body.size(); at += 100) {
        const std::string piece = body.substr(at, 100);
        char size[8];
        std::snprintf(size, sizeof size, "%zx", piece.size());
        stream += std::string(size) + "\r\n" + piece + "\r\n";
      }
      stream += "0\r\n\r\n";
    }
    expected.push_back("POST " + path + (body.empty() ? "" : " " + body));
  }
  for (int round = 0; round < 40; ++round) {
    RequestReader reader(limits);
    Outcome outcome;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t piece = 1 + random.below(round < 20 ? 50 : 5000);
      feed(reader, std::string_view(stream).substr(at, piece), outcome);
      at += piece;
    }
    ASSERT_EQ(outcome.seen, expected) << "round " << round;
  }
}

}  // namespace
}  // namespace tacos::net
