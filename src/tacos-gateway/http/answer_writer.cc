#include "tacos-gateway/http/answer_writer.h"

#include <chrono>

#include <fmt/compile.h>

#include "tacos-gateway/http/json_text.h"

namespace tacos::gateway {

namespace {

struct LoggedAs {
  GatewayLog::Level level;
  LogCause cause;
};

// Of the answers from 500 on, those that strangers bring about as they like are no errors of this gateway.
LoggedAs logged_as(ApiError error) {
  switch (error) {
    case ApiError::kNotImplemented:
    case ApiError::kVersionNotSupported:
      return {GatewayLog::Level::kDebug, LogCause::kStranger};
    case ApiError::kOverloaded:
      return {GatewayLog::Level::kError, LogCause::kOverload};
    case ApiError::kStoreUnavailable:
      return {GatewayLog::Level::kError, LogCause::kStore};
    case ApiError::kUpstreamFailed:
    case ApiError::kUpstreamTimeout:
      return {GatewayLog::Level::kError, LogCause::kUpstream};
    default:
      return {GatewayLog::Level::kError, LogCause::kInternal};
  }
}

}  // namespace

void AnswerWriter::escaped(std::string_view text) {
  append_json_escaped(body_, text);
}

void AnswerWriter::header(std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(headers_), FMT_COMPILE("{}: {}\r\n"), name, value);
}

void AnswerWriter::respond(ApiExchange& exchange, int status, std::string_view content_type, bool close) {
  cors_.write_headers(exchange.request(), headers_);
  fmt::format_to(std::back_inserter(headers_),
                 FMT_COMPILE("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Trace-Id: {}\r\n"),
                 exchange.trace_id.text());
  // The request's own method, before respond() ends the request.
  const net::HttpMethod method = exchange.request().method();
  metrics_.record(exchange.route, method, status, clock_.now() - exchange.http->received_at());
  exchange.http->respond(
      {status, content_type, {body_.data(), body_.size()}, {headers_.data(), headers_.size()}, close});
}

void AnswerWriter::send(ApiExchange& exchange, int status, std::string_view content_type) {
  respond(exchange, status, content_type, false);
}

void AnswerWriter::word_retry(bool may_retry, const ErrorDetail& detail) {
  if (!may_retry) return;
  const auto out = std::back_inserter(headers_);
  // Spread over three seconds, so that those who were turned away together do not come back together.
  const std::int64_t seconds = detail.retry_after > core::Nanos(0)
                                   ? std::chrono::ceil<std::chrono::seconds>(detail.retry_after).count()
                                   : static_cast<std::int64_t>(1 + random_.below(3));
  fmt::format_to(out, "Retry-After: {}\r\n", seconds);
  if (detail.limit == 0) return;
  fmt::format_to(out, "X-RateLimit-Limit: {}\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: {}\r\n", detail.limit,
                 seconds);
}

void AnswerWriter::send_options(ApiExchange& exchange, std::string_view methods) {
  header("Allow", methods);
  cors_.write_preflight(exchange.request(), methods, headers_);
  respond(exchange, 204, {}, false);
}

int AnswerWriter::word_error(ApiExchange& exchange, ApiError error, std::string_view message,
                             const ErrorDetail& detail) {
  const auto [status, code] = text_of(error);
  body_.clear();
  const auto out = std::back_inserter(body_);
  fmt::format_to(out, R"({{"error":{{"code":"{}","message":")", code);
  escaped(message);
  fmt::format_to(out, R"(","trace_id":"{}")", exchange.trace_id.text());
  if (!detail.field.empty()) {
    body_.append(std::string_view(R"(,"field":")"));
    escaped(detail.field);  // it may be a name that the client has made up
    body_.push_back('"');
  }
  body_.push_back('}');
  if (detail.position) fmt::format_to(out, R"(,"position":{})", *detail.position);
  const std::int64_t poll_after_ms = detail.poll_after / std::chrono::milliseconds(1);
  if (poll_after_ms > 0) fmt::format_to(out, R"(,"poll_after_ms":{})", poll_after_ms);
  if (!detail.payment_status.empty()) fmt::format_to(out, R"(,"payment_status":"{}")", detail.payment_status);
  body_.push_back('}');
  word_retry(status == 429 || status == 503 || error == ApiError::kIdempotencyInFlight, detail);
  if (status == 401) header("WWW-Authenticate", "Bearer");
  // A probe that is told "not ready" was answered well.
  if (status >= 500 && exchange.route != Route::kReady) {
    const LoggedAs logged = logged_as(error);
    log_.write_limited(
        logged.level, logged.cause, "request failed",
        {{"code", code}, {"status", std::int64_t{status}}, {"route", pattern_of(exchange.route)}, {"reason", message}},
        exchange.trace_id.text());
  }
  return status;
}

void AnswerWriter::fail(ApiExchange& exchange, ApiError error, std::string_view message, const ErrorDetail& detail) {
  const int status = word_error(exchange, error, message, detail);
  respond(exchange, status, "application/json", false);
}

void AnswerWriter::fail_last(ApiExchange& exchange, ApiError error, std::string_view message) {
  const int status = word_error(exchange, error, message, {});
  respond(exchange, status, "application/json", true);
}

}  // namespace tacos::gateway
