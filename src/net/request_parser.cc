#include "net/request_parser.h"

#include <algorithm>

#include <boost/beast/http/error.hpp>

#include "net/authority.h"
#include "net/character_class.h"

namespace tacos::net {
namespace {

namespace http = boost::beast::http;

std::optional<HttpMethod> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return HttpMethod::kGet;
    case http::verb::head:
      return HttpMethod::kHead;
    case http::verb::post:
      return HttpMethod::kPost;
    case http::verb::put:
      return HttpMethod::kPut;
    case http::verb::delete_:
      return HttpMethod::kDelete;
    case http::verb::patch:
      return HttpMethod::kPatch;
    case http::verb::options:
      return HttpMethod::kOptions;
    case http::verb::trace:
      return HttpMethod::kTrace;
    case http::verb::connect:
      return HttpMethod::kConnect;
    default:
      return std::nullopt;
  }
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_target_char(char c) {
  return c > ' ' && c < 0x7f;
}

}  // namespace

RequestParser::RequestParser(HttpRequest& request, const RequestLimits& limits) : request_(request), limits_(limits) {
  // RequestReader has counted the head already.
  header_limit(static_cast<std::uint32_t>(limits.max_head_bytes) + 4);
  body_limit(limits.max_body_bytes);
  request_.clear();
}

void RequestParser::refuse(ErrorCode& error, Refusal refusal, std::string_view reason) {
  error = http::error::bad_value;
  refusal_ = refusal;
  reason_ = reason;
}

HttpRequest::Slice RequestParser::slice(View view) const {
  return {static_cast<std::uint32_t>(view.data() - base_), static_cast<std::uint32_t>(view.size())};
}

std::string_view RequestParser::take_target(View target) {
  std::string_view rest(target.data(), target.size());
  if (!std::all_of(rest.begin(), rest.end(), is_target_char)) return "the request target has bytes it may not have";
  if (rest.find('#') != std::string_view::npos) return "the request target has a fragment";
  request_.target_ = slice(target);
  if (request_.method_ == HttpMethod::kConnect) {
    // authority-form, RFC 9112 section 3.2.3: the port is not optional.
    const bool has_port = rest.find(':') != std::string_view::npos && net::is_digit(rest.back());
    if (!has_port || !is_authority(rest)) return "CONNECT asks for a host and a port";
    request_.path_ = request_.target_;
    request_.query_ = {};
    return {};
  }
  if (rest != "*" && !rest.starts_with('/')) {
    static constexpr std::string_view kNeither = "the request target is neither a path nor an http URL";
    const std::size_t scheme_end = rest.find("://");
    if (scheme_end == std::string_view::npos) return kNeither;
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return kNeither;
    rest.remove_prefix(scheme_end + 3);
    const std::size_t path_at = std::min(std::min(rest.find('/'), rest.find('?')), rest.size());
    if (!is_authority(rest.substr(0, path_at))) return "the request target's host is malformed";
    rest.remove_prefix(path_at);
  } else if (rest == "*" && request_.method_ != HttpMethod::kOptions) {
    return "'*' is a target of OPTIONS alone";
  }
  const std::size_t question = std::min(rest.find('?'), rest.size());
  const std::string_view query = rest.substr(std::min(question + 1, rest.size()));
  // Queries come from pages and people; a lone '%' there harms nobody.
  if (!has_whole_percent_codes(rest.substr(0, question))) return "the request target has a broken percent code";
  request_.path_ = slice(View(rest.data(), question));
  request_.query_ = slice(View(query.data(), query.size()));
  return {};
}

void RequestParser::on_request_impl(http::verb method, View, View target, int version, ErrorCode& error) {
  if (target.size() > limits_.max_target_bytes) {
    return refuse(error, Refusal::kTargetTooLong, "the request target is too long");
  }
  const auto known = method_of(method);
  if (!known) return refuse(error, Refusal::kUnknownMethod, "the method is not known");
  request_.method_ = *known;
  request_.minor_version_ = version >= 11 ? 1 : 0;
  const std::string_view wrong = take_target(target);
  if (!wrong.empty()) return refuse(error, Refusal::kMalformed, wrong);
}

void RequestParser::check_framing(http::field name, View value, ErrorCode& error) {
  const std::string_view text(value.data(), value.size());
  switch (name) {
    case http::field::host:
      if (has_host_) return refuse(error, Refusal::kMalformed, "there is more than one Host");
      // An empty one says that the target's URI has no authority.
      if (!text.empty() && !is_authority(text)) return refuse(error, Refusal::kMalformed, "Host is not a host");
      has_host_ = true;
      return;
    case http::field::content_length:
      // Equal repetitions may be merged (RFC 9112 section 6.3), but a front server may read them differently: refuse.
      if (has_length_) return refuse(error, Refusal::kMalformed, "there is more than one Content-Length");
      if (!is_digits(text)) return refuse(error, Refusal::kMalformed, "Content-Length is not a number");
      has_length_ = true;
      return;
    case http::field::transfer_encoding:
      // In HTTP/1.0 the framing of such a message is faulty (RFC 9112 section 6.1).
      if (request_.minor_version_ == 0) {
        return refuse(error, Refusal::kMalformed, "Transfer-Encoding does not exist in HTTP/1.0");
      }
      if (has_transfer_encoding_) return refuse(error, Refusal::kMalformed, "there is more than one Transfer-Encoding");
      if (text.empty()) return refuse(error, Refusal::kMalformed, "Transfer-Encoding is empty");
      if (!equals_ignoring_case(text, "chunked")) {
        return refuse(error, Refusal::kUnknownTransferCoding, "the only transfer coding understood is chunked");
      }
      has_transfer_encoding_ = true;
      return;
    case http::field::expect:
      if (request_.minor_version_ == 0) return;  // ignored, RFC 9110 section 10.1.1
      return take_expectations(value, error);
    default:
      return;
  }
}

// A list (RFC 9110 section 10.1.1), in one field or several; empty elements are none (section 5.6.1.2).
void RequestParser::take_expectations(View value, ErrorCode& error) {
  std::string_view rest(value.data(), value.size());
  for (;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (equals_ignoring_case(item, "100-continue")) {
      expects_continue_ = true;
    } else if (!item.empty()) {
      return refuse(error, Refusal::kExpectationFailed, "the only expectation understood is 100-continue");
    }
    if (comma == rest.size()) return;
    rest.remove_prefix(comma + 1);
  }
}

void RequestParser::check_single(http::field name, View name_text, ErrorCode& error) {
  static constexpr std::string_view kReasons[] = {
      "there is more than one Authorization", "there is more than one Content-Type", "there is more than one Origin",
      "there is more than one Idempotency-Key"};
  std::size_t which = 0;
  if (name == http::field::authorization) {
    which = 0;
  } else if (name == http::field::content_type) {
    which = 1;
  } else if (name == http::field::origin) {
    which = 2;
  } else if (name == http::field::unknown &&
             equals_ignoring_case({name_text.data(), name_text.size()}, "Idempotency-Key")) {
    which = 3;
  } else {
    return;
  }
  const auto bit = static_cast<std::uint8_t>(1u << which);
  if ((singles_seen_ & bit) != 0) return refuse(error, Refusal::kMalformed, kReasons[which]);
  singles_seen_ |= bit;
}

void RequestParser::on_field_impl(http::field name, View name_text, View value, ErrorCode& error) {
  if (!std::all_of(value.begin(), value.end(), is_field_char)) {
    return refuse(error, Refusal::kMalformed, "a header field's value is malformed");
  }
  if (request_.headers_.size() >= limits_.max_headers) {
    return refuse(error, Refusal::kHeadersTooLarge, "there are too many header fields");
  }
  check_framing(name, value, error);
  if (!error) check_single(name, name_text, error);
  if (error) return;
  const auto at = [&](View view) { return static_cast<std::uint16_t>(view.data() - base_); };
  request_.headers_.push_back({at(name_text), static_cast<std::uint16_t>(name_text.size()),
                               value.empty() ? at(name_text) : at(value), static_cast<std::uint16_t>(value.size())});
}

void RequestParser::on_header_impl(ErrorCode& error) {
  if (request_.minor_version_ == 1 && !has_host_) {
    return refuse(error, Refusal::kMalformed, "HTTP/1.1 asks for a Host");
  }
  request_.keep_alive_ = keep_alive();
}

std::size_t RequestParser::on_body_impl(View body, ErrorCode&) {
  const HttpRequest::Slice piece = slice(body);
  if (request_.body_.size == 0) request_.body_.at = piece.at;
  request_.body_.size += piece.size;
  return body.size();
}

}  // namespace tacos::net
