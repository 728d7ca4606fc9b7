#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tacos::net {

// Reads a chunked body (RFC 9112 section 7.1) byte by byte, and takes nothing but what its grammar says: servers that
// were lenient about line ends in chunk extensions have been used to hide requests from those behind them
// (CVE-2025-55315). A line ends in CRLF and nowhere else; controls, folded trailers, signs, prefixes and white space
// around a size are malformed. Extensions and trailers are checked and thrown away; a trailer that speaks of the body's
// end (RFC 9110 section 6.5.1 forbids it) is malformed too.
//
// Keeps no bytes: joins the data of the chunks in the caller's buffer. Not thread safe.
class ChunkedBody {
 public:
  enum class Progress { kNeedMore, kDone, kMalformed, kTooLong };

  explicit ChunkedBody(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  // Takes bytes of [next, end) and moves next past them; the data it finds is moved to body_end, which moves too.
  // body_end must not be behind next.
  Progress read(char* buffer, std::size_t& next, std::size_t end, std::size_t& body_end);
  // After kMalformed: what was wrong.
  std::string_view reason() const { return reason_; }

 private:
  enum class State : std::uint8_t {
    kSizeFirst,  // the first digit of a size
    kSize,
    // the extensions, up to kBehindQuoted
    kBeforeSemicolon,  // white space behind the size or an extension
    kBeforeName,       // behind ';'
    kName,
    kBehindName,   // white space behind a name
    kBeforeValue,  // behind '='
    kValue,
    kQuoted,
    kQuotedPair,  // behind '\'
    kBehindQuoted,
    kSizeLf,  // the LF of a size line
    kData,
    kDataCr,  // the CR and LF behind a chunk's data
    kDataLf,
    kTrailerFirst,  // the first byte of a trailer line or of the last line
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
    kMalformed,
    kTooLong,
  };

  bool is_in_extension() const { return state_ >= State::kBeforeSemicolon && state_ <= State::kBehindQuoted; }
  State step(char c);
  State begin_size(char c);
  State take_digit(char c);
  State after_part(char c);
  State end_of_size_line();
  State step_quoted(char c);
  State step_trailer(char c);
  State end_of_trailer_name();
  State malformed(std::string_view reason);

  const std::size_t max_body_bytes_;
  std::size_t body_bytes_ = 0;
  std::uint64_t chunk_bytes_ = 0;    // while its size is read, then what is left of it
  std::size_t overhead_bytes_ = 0;   // of this size line, or of the trailers
  std::size_t extension_bytes_ = 0;  // of the whole body
  unsigned size_digits_ = 0;
  State state_ = State::kSizeFirst;
  // As much of a trailer's name as tells whether it is one of those that are refused.
  std::array<char, 20> trailer_name_{};
  std::size_t trailer_name_size_ = 0;
  std::string_view reason_;
};

}  // namespace tacos::net
