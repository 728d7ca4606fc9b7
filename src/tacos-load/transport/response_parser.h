#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "core/clock.h"

namespace tacos::load {

// Beast's HTTP/1.1 parser, keeping only what a load generator needs: no header table, and a body that is a view into
// the caller's buffer when it came in one piece. Allocates nothing but for bodies that come in several pieces.
class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  // spill holds a body that arrives in pieces; it belongs to the caller and outlives the parser.
  ResponseParser(std::string& spill, std::uint32_t most_body_bytes) : spill_(spill) {
    eager(true);
    header_limit(64 * 1024);
    body_limit(most_body_bytes);
  }

  int status() const { return status_; }
  core::Nanos retry_after() const { return retry_after_; }
  std::string_view body() const { return spilled_ ? std::string_view(spill_) : view_; }

  // Whether put() must wait for more than these bytes. Between chunks Beast asserts that it is given at least the
  // shortest end of a body, "0\r\n\r\n"; nothing shorter can be complete there anyway.
  bool must_wait(std::size_t available) const {
    return is_header_done() && !is_done() && chunked() && chunk_left_ == 0 && available < 5;
  }

  // To be called before the buffer that was parsed from is reused while the answer is not complete.
  void keep_body() {
    if (spilled_ || view_.empty()) return;
    spill_.assign(view_);
    spilled_ = true;
  }

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using field = boost::beast::http::field;

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = code; }
  void on_field_impl(field name, string_view, string_view value, error_code&) override {
    if (name == field::retry_after) read_retry_after(value);
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t size, string_view, error_code&) override { chunk_left_ = size; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    chunk_left_ -= body.size();
    return take(body);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t take(string_view piece) {
    if (!spilled_ && view_.empty()) {
      view_ = {piece.data(), piece.size()};
    } else {
      keep_body();
      spill_.append(piece.data(), piece.size());
    }
    return piece.size();
  }

  // Delay in seconds (RFC 9110, 10.2.3); a date is passed over. At most an hour is believed.
  void read_retry_after(string_view value) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end == value.data() + value.size() && seconds <= 3600) {
      retry_after_ = std::chrono::seconds(seconds);
    }
  }

  std::string& spill_;
  std::string_view view_;
  core::Nanos retry_after_{0};
  int status_ = 0;
  bool spilled_ = false;
  std::uint64_t chunk_left_ = 0;  // of the chunk that is being read
};

}  // namespace tacos::load
