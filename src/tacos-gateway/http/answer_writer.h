#pragma once

#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "core/clock.h"
#include "core/random.h"
#include "tacos-gateway/http/api_error.h"
#include "tacos-gateway/http/api_exchange.h"
#include "tacos-gateway/http/cors_policy.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/http/metrics.h"

namespace tacos::gateway {

// What an error tells beyond its code and message.
struct ErrorDetail {
  std::string_view field = {};                           // INVALID_ARGUMENT: which one
  std::optional<std::uint64_t> position = std::nullopt;  // NOT_READY
  core::Nanos poll_after{0};                             // NOT_READY, RATE_LIMITED
  core::Nanos retry_after{0};                            // 0: a second or some, where there is a Retry-After at all
  std::uint64_t limit = 0;                               // RATE_LIMITED: the limit that was reached
  std::string_view payment_status = {};                  // TOKEN_EXPIRED: of a payment that was not used
};

// Words answers: the body in a buffer that is reused, the headers every answer has, and the count of it in the metrics.
// One per thread. Usage: begin(), write to body(), header() as needed, send(); or fail() alone.
class AnswerWriter {
 public:
  AnswerWriter(ThreadMetrics& metrics, GatewayLog& log, const core::Clock& clock, core::Random& random,
               const CorsPolicy& cors)
      : metrics_(metrics), log_(log), clock_(clock), random_(random), cors_(cors) {}

  void begin() {
    body_.clear();
    headers_.clear();
  }
  fmt::memory_buffer& body() { return body_; }
  std::string_view body_text() const { return {body_.data(), body_.size()}; }
  // Appends a JSON string's inside to the body.
  void escaped(std::string_view text);
  void header(std::string_view name, std::string_view value);

  void send(ApiExchange& exchange, int status, std::string_view content_type = "application/json");
  // To OPTIONS: the methods that the path takes, and what a page of another origin may do there.
  void send_options(ApiExchange& exchange, std::string_view methods);

  // The contract's error, whole. Headers that were added since begin() go with it. 429, 503 and
  // IDEMPOTENCY_IN_FLIGHT get a Retry-After.
  void fail(ApiExchange& exchange, ApiError error, std::string_view message, const ErrorDetail& detail = {});
  // The same, as the connection's last answer.
  void fail_last(ApiExchange& exchange, ApiError error, std::string_view message);

 private:
  void respond(ApiExchange& exchange, int status, std::string_view content_type, bool close);
  void word_retry(bool may_retry, const ErrorDetail& detail);
  int word_error(ApiExchange& exchange, ApiError error, std::string_view message, const ErrorDetail& detail);

  ThreadMetrics& metrics_;
  GatewayLog& log_;
  const core::Clock& clock_;
  core::Random& random_;
  const CorsPolicy& cors_;
  fmt::memory_buffer body_;
  fmt::memory_buffer headers_;
};

}  // namespace tacos::gateway
