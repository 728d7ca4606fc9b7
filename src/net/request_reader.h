#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "net/byte_budget.h"
#include "net/chunked_body.h"
#include "net/http_request.h"
#include "net/refusal.h"
#include "net/request_parser.h"

namespace tacos::net {

// Bytes in, requests out: everything a connection does with what a stranger sends, and no I/O, so that tests and the
// fuzzer can feed it directly. Owns the connection's input buffer, which is small while the connection is idle, grows
// with a request up to the limits, and is small again afterwards. Allocates nothing for requests that fit in what it
// has. Not thread safe.
class RequestReader {
 public:
  enum class Progress {
    kNeedMore,        // prepare(), fill, commit() and parse() again
    kExpectContinue,  // the client waits for "100 Continue" before it sends the body; said once per request
    kComplete,        // request() holds until finish()
    kRefused,         // refusal() and reason() tell; nothing more can be read from this connection
  };

  // limits and budget must outlive the reader. A buffer beyond what an idle connection may keep is taken from the
  // budget; without one there is no bound but the limits.
  explicit RequestReader(const RequestLimits& limits, ByteBudget* budget = nullptr);

  // Room for more bytes; none when the budget is spent, and then the request can't be read. To be called only when
  // parse() asked for more.
  std::span<char> prepare();
  // That many bytes of the room were filled.
  void commit(std::size_t size) { end_ += size; }

  Progress parse();

  const HttpRequest& request() const { return request_; }
  Refusal refusal() const { return refusal_; }
  std::string_view reason() const { return reason_; }

  // Ends the views of request(). What the client sent behind it stays, for the next parse().
  void finish();

  // Whether nothing of a next request has arrived.
  bool empty() const { return begin_ == end_; }
  // Throws away what has arrived, for a connection that is only read to its end. A read into the buffer may be under
  // way. request() is empty afterwards.
  void discard();
  // Gives a buffer back that has grown large. Only while empty and not being read into.
  void shrink();
  std::size_t capacity() const { return capacity_; }

 private:
  Progress refuse(Refusal refusal, std::string_view reason);
  Progress refuse_unparsed(boost::beast::error_code error);
  Progress head_too_long();
  // Leaves of a refused request its path, when that is known, and its Origin, when it has come and stands there once:
  // a browser shows the refusal to no page that the answer does not name.
  void keep_origin();
  bool skip_empty_lines();
  void close_chunk_gap();
  // Whether the head is complete; nothing when it is refused.
  std::optional<bool> find_end_of_head();
  Progress parse_head();
  Progress parse_body();
  Progress parse_chunks();
  bool body_is_chunked() const { return parser_ && parser_->is_header_done() && parser_->chunked(); }
  std::size_t longest_request() const;

  const RequestLimits& limits_;
  HttpRequest request_;
  std::optional<RequestParser> parser_;
  std::optional<ChunkedBody> chunks_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  BudgetShare share_;
  std::size_t begin_ = 0;    // first byte of the request being read
  std::size_t parsed_ = 0;   // first byte the parser has not taken
  std::size_t end_ = 0;      // end of what has arrived
  std::size_t scanned_ = 0;  // where the first line begins whose end has not arrived
  std::size_t skipped_ = 0;  // bytes of empty lines before the request
  bool said_continue_ = false;
  bool refused_ = false;
  Refusal refusal_ = Refusal::kMalformed;
  std::string_view reason_;
};

}  // namespace tacos::net
