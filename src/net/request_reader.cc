#include "net/request_reader.h"

#include <algorithm>
#include <cstring>

#include <boost/beast/http/error.hpp>

namespace tacos::net {
namespace {

namespace http = boost::beast::http;

// Holds the requests of a load generator or a browser's fetch() whole, and 10,000 idle connections in 10 MiB.
constexpr std::size_t kSmallBuffer = 1024;
// A connection whose requests carry long cookies keeps room for them, or it would allocate for each.
constexpr std::size_t kKeptBuffer = 4096;
// Empty lines before a request are skipped (RFC 9112 section 2.2), but not without end.
constexpr std::size_t kMaxEmptyLineBytes = 8;
// A chunk header or the trailers of a chunked body: more than anybody sends.
constexpr std::size_t kMaxChunkOverhead = 4096;

// The shortest that can end a chunked body, "0\r\n\r\n". Beast asserts that it is never asked about less in the middle
// of it.
constexpr std::size_t kShortestLastChunk = 5;

bool is_method_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
}

}  // namespace

RequestReader::RequestReader(const RequestLimits& limits) : limits_(limits) {}

std::size_t RequestReader::longest_request() const {
  return limits_.max_head_bytes + limits_.max_body_bytes + 2 * kMaxChunkOverhead + kMaxEmptyLineBytes + 1;
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
  if (end_ == capacity_) {
    // Doubling stops at what the limits let one request need: parse() refuses before more could be asked for.
    const std::size_t grown = std::max(std::min(capacity_ * 2, longest_request()), capacity_ + 1);
    auto bigger = std::make_unique_for_overwrite<char[]>(grown);
    std::memcpy(bigger.get(), buffer_.get(), end_);
    buffer_ = std::move(bigger);
    capacity_ = grown;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

// A chunked body stands joined at the front; between it and the bytes not yet parsed lie chunk headers that are done
// with. Without this, one-byte chunks would make the buffer six times as large as the body they carry.
void RequestReader::close_chunk_gap() {
  if (!parser_ || !parser_->is_header_done() || !parser_->chunked() || request_.body_.size == 0) return;
  const std::size_t body_end = begin_ + request_.body_.at + request_.body_.size;
  std::memmove(buffer_.get() + body_end, buffer_.get() + parsed_, end_ - parsed_);
  end_ -= parsed_ - body_end;
  parsed_ = body_end;
}

void RequestReader::shrink() {
  if (capacity_ <= kKeptBuffer) return;
  buffer_.reset();
  capacity_ = begin_ = parsed_ = end_ = 0;
}

void RequestReader::discard() {
  parser_.reset();
  begin_ = parsed_ = end_ = 0;
}

RequestReader::Progress RequestReader::refuse(Refusal refusal, std::string_view reason) {
  refused_ = true;
  refusal_ = refusal;
  reason_ = reason;
  request_.clear();  // half-read slices must not be looked up in the buffer of the request before
  return Progress::kRefused;
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
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
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
  if (error == http::error::bad_chunk || error == http::error::bad_chunk_extension) {
    return refuse(Refusal::kMalformed, "a chunk of the body is malformed");
  }
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
      error == http::error::bad_transfer_encoding) {
    return refuse(Refusal::kMalformed, "the fields contradict each other about where the body ends");
  }
  return refuse(Refusal::kMalformed, "this is not an HTTP request");
}

// A line that ends in a lone LF hides the end of the head from the parser, which would wait for it until the time is
// up.
bool RequestReader::has_lone_lf() {
  for (; scanned_ < end_; ++scanned_) {
    const void* found = std::memchr(buffer_.get() + scanned_, '\n', end_ - scanned_);
    if (found == nullptr) break;
    scanned_ = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.get());
    if (scanned_ == begin_ || buffer_[scanned_ - 1] != '\r') return true;
  }
  scanned_ = end_;
  return false;
}

// Whether the parser waits for the end of something that is longer than it may be, or the body has reached its limit
// without ending.
bool RequestReader::is_stuck() const {
  return parser_->is_header_done() && parser_->chunked() && end_ - parsed_ > kMaxChunkOverhead;
}

RequestReader::Progress RequestReader::parse() {
  if (refused_) return Progress::kRefused;
  if (!parser_) {
    if (!skip_empty_lines()) return refuse(Refusal::kMalformed, "a line ends in a lone CR or LF");
    if (begin_ == end_) return Progress::kNeedMore;
    // What can't begin a request (a TLS greeting, a NUL) is refused at once rather than when its time is up.
    if (buffer_[begin_] == '\r' && begin_ + 1 == end_ && skipped_ < kMaxEmptyLineBytes) return Progress::kNeedMore;
    if (!is_method_char(buffer_[begin_])) return refuse(Refusal::kMalformed, "this is not an HTTP request");
    parser_.emplace(request_, limits_);
    scanned_ = begin_;
    said_continue_ = false;
  }
  while (!parser_->is_done() && parsed_ < end_) {
    const bool in_head = !parser_->is_header_done();
    const std::size_t head_end = begin_ + limits_.max_head_bytes;
    const std::size_t offered_end = in_head ? std::min(end_, head_end) : end_;
    if (in_head && parsed_ >= head_end) return head_too_long();
    if (parser_->between_chunks() && end_ - parsed_ < kShortestLastChunk) break;
    parser_->set_window(buffer_.get() + begin_, end_ - begin_);
    boost::beast::error_code error;
    const std::size_t taken =
        parser_->put(boost::asio::const_buffer(buffer_.get() + parsed_, offered_end - parsed_), error);
    parsed_ += taken;
    if (error && error != http::error::need_more) return refuse_unparsed(error);
    if (error == http::error::need_more && (taken == 0 || parsed_ == end_)) {
      if (in_head && !parser_->is_header_done()) {
        if (offered_end == head_end) return head_too_long();
        if (has_lone_lf()) return refuse(Refusal::kMalformed, "a line ends in a lone LF");
      }
      if (is_stuck()) return refuse(Refusal::kMalformed, "a chunk header or the trailers are too long");
      break;
    }
  }
  if (parser_->is_done()) {
    request_.base_ = buffer_.get() + begin_;
    return Progress::kComplete;
  }
  if (parser_->is_header_done() && parser_->expects_continue() && !said_continue_) {
    said_continue_ = true;
    if (parsed_ == end_) return Progress::kExpectContinue;  // otherwise the client did not wait
  }
  return Progress::kNeedMore;
}

void RequestReader::finish() {
  parser_.reset();
  begin_ = parsed_;
  skipped_ = 0;
}

}  // namespace tacos::net
