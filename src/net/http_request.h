#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tacos::net {

enum class HttpMethod : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kPatch, kOptions, kTrace, kConnect };

std::string_view name_of(HttpMethod method);

// A complete request as it stands in the connection's buffer: nothing is copied, so every view is valid only until the
// exchange is answered. Only RequestReader makes and changes one.
class HttpRequest {
 public:
  HttpMethod method() const { return method_; }
  // As sent: origin form ("/path?query"), absolute form ("http://host/path") or "*".
  std::string_view target() const { return view(target_); }
  // The target without scheme, authority and query; never empty. Not percent-decoded.
  std::string_view path() const { return path_.size == 0 ? std::string_view("/") : view(path_); }
  // What follows '?'; empty when there is none. Not percent-decoded.
  std::string_view query() const { return view(query_); }
  // The raw value of the first name=value pair of the query with this name; empty when absent.
  std::string_view query_value(std::string_view name) const;
  // The first field of this name (ASCII case does not matter), trimmed; empty when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  // The value of the one field of this name; empty when it is absent or stands there twice.
  std::string_view sole_header(std::string_view name) const;
  // The nth field of this name counted from the last, 0 being the last: for lists that each hop appends to.
  std::optional<std::string_view> header_from_end(std::string_view name, std::size_t nth) const;
  std::string_view body() const { return view(body_); }

  // 0 for HTTP/1.0, 1 for HTTP/1.1.
  int minor_version() const { return minor_version_; }
  // Whether the client lets the connection live on.
  bool keep_alive() const { return keep_alive_; }

 private:
  friend class RequestReader;
  friend class RequestParser;

  // A stretch of the buffer, counted from the first byte of the request: the buffer may move while the request arrives.
  struct Slice {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  // Heads are limited to 65,535 bytes, so 8 bytes hold a field.
  struct HeaderSlice {
    std::uint16_t name_at, name_size, value_at, value_size;
  };

  std::string_view view(Slice slice) const { return {base_ + slice.at, slice.size}; }
  std::string_view name_of(const HeaderSlice& header) const { return {base_ + header.name_at, header.name_size}; }
  std::string_view value_of(const HeaderSlice& header) const { return {base_ + header.value_at, header.value_size}; }
  const HeaderSlice* find(std::string_view name) const;
  void clear() {
    target_ = path_ = query_ = body_ = {};
    headers_.clear();
  }

  const char* base_ = "";
  Slice target_, path_, query_, body_;
  HttpMethod method_ = HttpMethod::kGet;
  std::uint8_t minor_version_ = 1;
  bool keep_alive_ = true;
  std::vector<HeaderSlice> headers_;
};

// ASCII letters compared without their case: field names and tokens, RFC 9110 section 5.1.
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace tacos::net
