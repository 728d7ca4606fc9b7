#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "net/http_request.h"
#include "net/refusal.h"

namespace tacos::net {

// Limits on one request, each with the refusal that names it.
struct RequestLimits {
  std::size_t max_target_bytes = 8 * 1024;
  std::size_t max_head_bytes = 16 * 1024;  // request line and fields; at most 65,535
  std::size_t max_headers = 64;
  std::size_t max_body_bytes = 64 * 1024;
};

// Beast's parser for the head of a request and for a body of known length, with its events turned into the slices of an
// HttpRequest, and the checks that RFC 9112 asks of a server and Beast leaves to its user: exactly one valid Host, one
// plain Content-Length, no Transfer-Encoding but chunked, a target in a form a server may be sent. Line ends are
// checked before (RequestReader), chunks are read elsewhere (ChunkedBody). One parser reads one request.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(HttpRequest& request, const RequestLimits& limits);

  // Where the request begins. To be called before every put(), since the buffer may move.
  void set_base(const char* base) { base_ = base; }

  bool expects_continue() const { return expects_continue_; }

  // Why put() failed with an error that on_… raised; empty for Beast's own errors.
  std::optional<Refusal> refusal() const { return refusal_; }
  std::string_view reason() const { return reason_; }

 private:
  using View = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;

  void on_request_impl(boost::beast::http::verb method, View method_text, View target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field name, View name_text, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View body, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, ErrorCode&) override { return body.size(); }
  void on_finish_impl(ErrorCode&) override {}

  void refuse(ErrorCode& error, Refusal refusal, std::string_view reason);
  // What is wrong with it, empty when nothing.
  std::string_view take_target(View target);
  void check_framing(boost::beast::http::field name, View value, ErrorCode& error);
  // Fields that say who asks for what: of two, a proxy in front may believe the one and a handler the other.
  void check_single(boost::beast::http::field name, View name_text, ErrorCode& error);
  void take_expectations(View value, ErrorCode& error);
  HttpRequest::Slice slice(View view) const;

  HttpRequest& request_;
  const RequestLimits& limits_;
  const char* base_ = nullptr;
  std::string_view reason_;
  std::optional<Refusal> refusal_;
  bool expects_continue_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool has_transfer_encoding_ = false;
  std::uint8_t singles_seen_ = 0;  // a bit for each name of check_single()
};

}  // namespace tacos::net
