#include "net/request_reader.h"

#include <algorithm>
#include <cstring>

#include <boost/beast/http/error.hpp>

#include "net/character_class.h"

namespace tacos::net {
namespace {

namespace http = boost::beast::http;

// Holds the requests of a load generator or a browser's fetch() whole, and 10,000 idle connections in 10 MiB.
constexpr std::size_t kSmallBuffer = 1024;
// A connection whose requests carry long cookies keeps room for them, or it would allocate for each.
constexpr std::size_t kKeptBuffer = 4096;
// Empty lines before a request are skipped (RFC 9112 section 2.2), but not without end.
constexpr std::size_t kMaxEmptyLineBytes = 8;
// Room for what is between the chunks of a body and behind them: ChunkedBody takes half of this at a time.
constexpr std::size_t kChunkRoom = 8 * 1024;

}  // namespace

RequestReader::RequestReader(const RequestLimits& limits, ByteBudget* budget) : limits_(limits), share_(budget) {}

std::size_t RequestReader::longest_request() const {
  return limits_.max_head_bytes + limits_.max_body_bytes + kChunkRoom + kMaxEmptyLineBytes + 1;
}

std::span<char> RequestReader::prepare() {
  if (capacity_ == 0) {
    capacity_ = kSmallBuffer;
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  if (begin_ == end_) {
    begin_ = parsed_ = end_ = 0;
  } else if (end_ == capacity_ && begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    parsed_ -= begin_;
    scanned_ -= std::min(begin_, scanned_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) close_chunk_gap();
  // What of the request is known may be looked at when it is refused for another reason than its bytes.
  request_.base_ = buffer_.get() + begin_;
  if (end_ == capacity_) {
    // Doubling stops at what the limits let one request need: parse() refuses before more could be asked for.
    const std::size_t grown = std::max(std::min(capacity_ * 2, longest_request()), capacity_ + 1);
    if (grown > kKeptBuffer && !share_.resize(grown)) return {};
    auto bigger = std::make_unique_for_overwrite<char[]>(grown);
    std::memcpy(bigger.get(), buffer_.get(), end_);
    buffer_ = std::move(bigger);
    capacity_ = grown;
    request_.base_ = buffer_.get() + begin_;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

// A chunked body stands joined at the front; between it and the bytes not yet parsed lie chunk headers that are done
// with. Without this, one-byte chunks would make the buffer six times as large as the body they carry.
void RequestReader::close_chunk_gap() {
  if (!body_is_chunked() || request_.body_.size == 0) return;
  const std::size_t body_end = begin_ + request_.body_.at + request_.body_.size;
  std::memmove(buffer_.get() + body_end, buffer_.get() + parsed_, end_ - parsed_);
  end_ -= parsed_ - body_end;
  parsed_ = body_end;
}

void RequestReader::shrink() {
  if (capacity_ <= kKeptBuffer) return;
  buffer_.reset();
  share_.resize(0);
  capacity_ = begin_ = parsed_ = end_ = 0;
}

void RequestReader::discard() {
  parser_.reset();
  chunks_.reset();
  request_.clear();
  begin_ = parsed_ = end_ = 0;
}

RequestReader::Progress RequestReader::refuse(Refusal refusal, std::string_view reason) {
  refused_ = true;
  refusal_ = refusal;
  reason_ = reason;
  keep_origin();
  return Progress::kRefused;
}

// Looked for in the bytes: what the parser has seen of a head that is refused depends on why.
void RequestReader::keep_origin() {
  static constexpr std::string_view kName = "\r\norigin:";
  const HttpRequest::Slice path = request_.path_;
  // Half-read slices must not be looked up in the buffer of the request before.
  request_.clear();
  if (!parser_) return;
  request_.base_ = buffer_.get() + begin_;
  const std::string_view arrived(buffer_.get() + begin_, std::min(end_ - begin_, limits_.max_head_bytes));
  const std::size_t empty_line = arrived.find("\r\n\r\n");
  const std::string_view head = empty_line == std::string_view::npos ? arrived : arrived.substr(0, empty_line + 4);
  if (path.at + path.size <= head.size()) request_.path_ = path;
  std::optional<HttpRequest::HeaderSlice> origin;
  for (std::size_t at = head.find('\r'); at != std::string_view::npos; at = head.find('\r', at + 1)) {
    if (!equals_ignoring_case(head.substr(at, kName.size()), kName)) continue;
    std::size_t from = at + kName.size();
    const std::size_t line_end = head.find('\r', from);
    if (origin || line_end == std::string_view::npos) return;
    std::size_t to = line_end;
    while (from < to && (head[from] == ' ' || head[from] == '\t')) ++from;
    while (to > from && (head[to - 1] == ' ' || head[to - 1] == '\t')) --to;
    const auto narrow = [](std::size_t number) { return static_cast<std::uint16_t>(number); };
    origin = {narrow(at + 2), narrow(kName.size() - 3), narrow(from), narrow(to - from)};
  }
  if (origin) request_.headers_.push_back(*origin);
}

bool RequestReader::skip_empty_lines() {
  while (begin_ < end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n') && skipped_ < kMaxEmptyLineBytes) {
    // Only whole CRLFs: a lone CR or LF is no line end here any more than elsewhere.
    if (buffer_[begin_] == '\n') return false;
    if (begin_ + 1 == end_) break;
    if (buffer_[begin_ + 1] != '\n') return false;
    begin_ += 2;
    skipped_ += 2;
  }
  parsed_ = begin_;
  return true;
}

RequestReader::Progress RequestReader::head_too_long() {
  // Bytes that trickle in are parsed when the head is complete, so the parser may not have seen the line end that is
  // there.
  const std::string_view arrived(buffer_.get() + begin_, end_ - begin_);
  return arrived.find('\r') != std::string_view::npos
             ? refuse(Refusal::kHeadersTooLarge, "the header fields are too large")
             : refuse(Refusal::kTargetTooLong, "the request line is too long");
}

RequestReader::Progress RequestReader::refuse_unparsed(boost::beast::error_code error) {
  if (parser_->refusal()) return refuse(*parser_->refusal(), parser_->reason());
  if (error == http::error::header_limit) return head_too_long();
  if (error == http::error::body_limit) return refuse(Refusal::kBodyTooLarge, "the body is too large");
  if (error == http::error::bad_version) {
    // "HTTP/2.0" is a version nobody speaks here; "HTTP/1.1 " or "HTPP/1.1" is no HTTP at all.
    const std::string_view arrived(buffer_.get() + begin_, end_ - begin_);
    const std::string_view line = arrived.substr(0, arrived.find('\r'));
    const std::size_t space = line.rfind(' ');
    const std::string_view version = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
    if (version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
        is_digit(version[7]) && version != "HTTP/1.1" && version != "HTTP/1.0") {
      return refuse(Refusal::kUnknownVersion, "only HTTP/1.1 and HTTP/1.0 are spoken");
    }
    return refuse(Refusal::kMalformed, "the request line does not end in a known HTTP version");
  }
  if (error == http::error::bad_method) return refuse(Refusal::kMalformed, "the method is not a token");
  if (error == http::error::bad_target)
    return refuse(Refusal::kMalformed, "the request target has bytes it may not have");
  if (error == http::error::bad_field) return refuse(Refusal::kMalformed, "a header field's name is malformed");
  if (error == http::error::bad_value) return refuse(Refusal::kMalformed, "a header field's value is malformed");
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
      error == http::error::bad_transfer_encoding) {
    return refuse(Refusal::kMalformed, "the fields contradict each other about where the body ends");
  }
  return refuse(Refusal::kMalformed, "this is not an HTTP request");
}

// Looks at each line of the head once: it ends in CRLF, has no other CR or LF, and is not folded (RFC 9112 sections 2.2
// and 5.2). Folding is looked for here, where lines are still lines: a parser that joins them hides it from its user.
std::optional<bool> RequestReader::find_end_of_head() {
  const std::size_t limit = std::min(end_, begin_ + limits_.max_head_bytes);
  const char* const bytes = buffer_.get();
  while (scanned_ < limit) {
    if (scanned_ > begin_ && (bytes[scanned_] == ' ' || bytes[scanned_] == '\t')) {
      refuse(Refusal::kMalformed, "a folded header line");
      return std::nullopt;
    }
    const std::string_view rest(bytes + scanned_, limit - scanned_);
    const std::size_t line_end = rest.find('\n');
    const std::size_t cr = rest.find('\r');
    if (line_end == std::string_view::npos) {
      // The CR may be the first half of the line's end.
      if (cr == std::string_view::npos || cr + 1 == rest.size()) break;
      refuse(Refusal::kMalformed, "a line has a lone CR");
      return std::nullopt;
    }
    if (cr == std::string_view::npos || cr + 1 != line_end) {
      refuse(Refusal::kMalformed, cr < line_end ? "a line has a lone CR" : "a line ends in a lone LF");
      return std::nullopt;
    }
    scanned_ += line_end + 1;
    if (cr == 0) return true;
  }
  if (limit < end_ || end_ - begin_ == limits_.max_head_bytes) {
    head_too_long();
    return std::nullopt;
  }
  return false;
}

RequestReader::Progress RequestReader::parse() {
  if (refused_) return Progress::kRefused;
  if (!parser_) {
    if (!skip_empty_lines()) return refuse(Refusal::kMalformed, "a line ends in a lone CR or LF");
    if (begin_ == end_) return Progress::kNeedMore;
    // What can't begin a request (a TLS greeting, a NUL) is refused at once rather than when its time is up.
    if (buffer_[begin_] == '\r' && begin_ + 1 == end_ && skipped_ < kMaxEmptyLineBytes) return Progress::kNeedMore;
    if (!is_token_char(buffer_[begin_])) return refuse(Refusal::kMalformed, "this is not an HTTP request");
    parser_.emplace(request_, limits_);
    scanned_ = begin_;
    said_continue_ = false;
  }
  if (!parser_->is_header_done()) {
    const Progress head = parse_head();
    if (head != Progress::kComplete) return head;
  }
  const Progress body = parse_body();
  if (body == Progress::kNeedMore && parser_->expects_continue() && !said_continue_) {
    said_continue_ = true;
    if (parsed_ == end_) return Progress::kExpectContinue;  // otherwise the client did not wait
  }
  return body;
}

// The parser sees a head only when it is whole.
RequestReader::Progress RequestReader::parse_head() {
  const std::optional<bool> whole = find_end_of_head();
  if (!whole) return Progress::kRefused;
  if (!*whole) return Progress::kNeedMore;
  parser_->set_base(buffer_.get() + begin_);
  boost::beast::error_code error;
  parsed_ += parser_->put(boost::asio::const_buffer(buffer_.get() + begin_, scanned_ - begin_), error);
  if (error) return refuse_unparsed(error);
  if (!parser_->is_header_done() || parsed_ != scanned_)
    return refuse(Refusal::kMalformed, "this is not an HTTP request");
  if (parser_->chunked()) chunks_.emplace(limits_.max_body_bytes);
  return Progress::kComplete;
}

RequestReader::Progress RequestReader::parse_body() {
  request_.base_ = buffer_.get() + begin_;
  if (chunks_) return parse_chunks();
  while (!parser_->is_done() && parsed_ < end_) {
    parser_->set_base(buffer_.get() + begin_);
    boost::beast::error_code error;
    parsed_ += parser_->put(boost::asio::const_buffer(buffer_.get() + parsed_, end_ - parsed_), error);
    if (error && error != http::error::need_more) return refuse_unparsed(error);
  }
  return parser_->is_done() ? Progress::kComplete : Progress::kNeedMore;
}

RequestReader::Progress RequestReader::parse_chunks() {
  HttpRequest::Slice& body = request_.body_;
  if (body.at == 0) body.at = static_cast<std::uint32_t>(parsed_ - begin_);
  std::size_t body_end = begin_ + body.at + body.size;
  const ChunkedBody::Progress progress = chunks_->read(buffer_.get(), parsed_, end_, body_end);
  body.size = static_cast<std::uint32_t>(body_end - begin_ - body.at);
  switch (progress) {
    case ChunkedBody::Progress::kNeedMore:
      return Progress::kNeedMore;
    case ChunkedBody::Progress::kDone:
      return Progress::kComplete;
    case ChunkedBody::Progress::kTooLong:
      return refuse(Refusal::kBodyTooLarge, "the body is too large");
    case ChunkedBody::Progress::kMalformed:
      break;
  }
  return refuse(Refusal::kMalformed, chunks_->reason());
}

void RequestReader::finish() {
  parser_.reset();
  chunks_.reset();
  request_.clear();
  begin_ = parsed_;
  skipped_ = 0;
}

}  // namespace tacos::net
