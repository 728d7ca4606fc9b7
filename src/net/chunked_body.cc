#include "net/chunked_body.h"

#include <algorithm>
#include <cstring>

#include "net/character_class.h"
#include "net/http_request.h"

namespace tacos::net {
namespace {

// A size line with its extensions, or all the trailers: more than anybody sends.
constexpr std::size_t kMaxOverheadBytes = 4096;
// All extensions of a body: chunks of one byte must not carry megabytes that nobody reads.
constexpr std::size_t kMaxExtensionBytes = 16 * 1024;
// Enough for 64 bits; more digits are zeros that hide something.
constexpr unsigned kMaxSizeDigits = 16;

constexpr bool is_white(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

ChunkedBody::State ChunkedBody::malformed(std::string_view reason) {
  reason_ = reason;
  return State::kMalformed;
}

ChunkedBody::Progress ChunkedBody::read(char* buffer, std::size_t& next, std::size_t end, std::size_t& body_end) {
  while (next < end) {
    if (state_ == State::kData) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes_, end - next));
      // Over size lines that are done with, never to the right.
      std::memmove(buffer + body_end, buffer + next, size);
      body_end += size;
      next += size;
      chunk_bytes_ -= size;
      if (chunk_bytes_ == 0) state_ = State::kDataCr;
      continue;
    }
    if (is_in_extension()) ++extension_bytes_;
    if (++overhead_bytes_ > kMaxOverheadBytes || extension_bytes_ > kMaxExtensionBytes) {
      state_ = malformed("chunk headers or trailers are too long");
    }
    if (state_ != State::kMalformed) state_ = step(buffer[next]);
    if (state_ == State::kMalformed) return Progress::kMalformed;
    if (state_ == State::kTooLong) return Progress::kTooLong;
    ++next;
    if (state_ == State::kDone) return Progress::kDone;
  }
  return Progress::kNeedMore;
}

ChunkedBody::State ChunkedBody::step(char c) {
  switch (state_) {
    case State::kSizeFirst:
      return begin_size(c);
    case State::kSize:
      return hex_value(c) >= 0 ? take_digit(c) : after_part(c);
    case State::kBeforeSemicolon:
      if (is_white(c)) return state_;
      return c == ';' ? State::kBeforeName : malformed("white space behind a chunk size");
    case State::kBeforeName:
      if (is_white(c)) return state_;
      return is_token_char(c) ? State::kName : malformed("a chunk extension without a name");
    case State::kName:
      if (is_token_char(c)) return state_;
      return is_white(c) ? State::kBehindName : c == '=' ? State::kBeforeValue : after_part(c);
    case State::kBehindName:
      if (is_white(c)) return state_;
      return c == '='   ? State::kBeforeValue
             : c == ';' ? State::kBeforeName
                        : malformed("white space behind a chunk extension");
    case State::kBeforeValue:
      if (is_white(c)) return state_;
      if (c == '"') return State::kQuoted;
      return is_token_char(c) ? State::kValue : malformed("a chunk extension's value is malformed");
    case State::kValue:
      return is_token_char(c) ? state_ : after_part(c);
    case State::kQuoted:
    case State::kQuotedPair:
      return step_quoted(c);
    case State::kBehindQuoted:
      return after_part(c);
    case State::kSizeLf:
      return c == '\n' ? end_of_size_line() : malformed("a lone CR behind a chunk size");
    case State::kDataCr:
      return c == '\r' ? State::kDataLf : malformed("a chunk is longer than it says");
    case State::kDataLf:
      return c == '\n' ? State::kSizeFirst : malformed("a lone CR behind a chunk");
    default:
      return step_trailer(c);
  }
}

ChunkedBody::State ChunkedBody::begin_size(char c) {
  chunk_bytes_ = 0;
  size_digits_ = 0;
  overhead_bytes_ = 1;
  return hex_value(c) >= 0 ? take_digit(c) : malformed("a chunk size is not hexadecimal digits");
}

ChunkedBody::State ChunkedBody::take_digit(char c) {
  if (++size_digits_ > kMaxSizeDigits) return malformed("a chunk size has too many digits");
  chunk_bytes_ = chunk_bytes_ * 16 + static_cast<std::uint64_t>(hex_value(c));
  return State::kSize;
}

// Behind the size, a name or a value: another extension, or the end of the line.
ChunkedBody::State ChunkedBody::after_part(char c) {
  if (c == '\r') return State::kSizeLf;
  if (c == ';') return State::kBeforeName;
  if (is_white(c)) return State::kBeforeSemicolon;
  return malformed(c == '\n' ? "a lone LF behind a chunk size" : "a chunk size or extension is malformed");
}

ChunkedBody::State ChunkedBody::end_of_size_line() {
  if (chunk_bytes_ == 0) {
    overhead_bytes_ = 0;
    return State::kTrailerFirst;
  }
  if (chunk_bytes_ > max_body_bytes_ - body_bytes_) return State::kTooLong;
  body_bytes_ += static_cast<std::size_t>(chunk_bytes_);
  return State::kData;
}

// quoted-string, RFC 9110 section 5.6.4: no control is allowed in it, and so no line end.
ChunkedBody::State ChunkedBody::step_quoted(char c) {
  if (!is_field_char(c)) return malformed("a control character in a quoted chunk extension");
  if (state_ == State::kQuotedPair) return State::kQuoted;
  if (c == '\\') return State::kQuotedPair;
  return c == '"' ? State::kBehindQuoted : State::kQuoted;
}

ChunkedBody::State ChunkedBody::step_trailer(char c) {
  switch (state_) {
    case State::kTrailerFirst:
      if (c == '\r') return State::kLastLf;
      if (!is_token_char(c)) return malformed("a trailer is folded or has no name");
      trailer_name_size_ = 1;
      trailer_name_[0] = c;
      return State::kTrailerName;
    case State::kTrailerName:
      if (c == ':') return end_of_trailer_name();
      if (!is_token_char(c)) return malformed("a trailer's name is malformed");
      if (trailer_name_size_ < trailer_name_.size()) trailer_name_[trailer_name_size_++] = c;
      return state_;
    case State::kTrailerValue:
      if (c == '\r') return State::kTrailerLf;
      return is_field_char(c) ? state_ : malformed("a trailer's value is malformed");
    case State::kTrailerLf:
      return c == '\n' ? State::kTrailerFirst : malformed("a lone CR in a trailer");
    case State::kLastLf:
      return c == '\n' ? State::kDone : malformed("a lone CR behind the trailers");
    default:
      return malformed("bytes behind the end of the body");
  }
}

ChunkedBody::State ChunkedBody::end_of_trailer_name() {
  const std::string_view name(trailer_name_.data(), trailer_name_size_);
  if (equals_ignoring_case(name, "Content-Length") || equals_ignoring_case(name, "Transfer-Encoding")) {
    return malformed("a trailer speaks of where the body ends");
  }
  return State::kTrailerValue;
}

}  // namespace tacos::net
