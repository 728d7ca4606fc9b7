#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tacos::net {

// Why the server itself answers a request instead of its handler. Each ends the connection: after any of these nobody
// can say where the next request begins, or the client should not go on.
enum class Refusal : std::uint8_t {
  kMalformed,              // not HTTP/1, or ambiguous about where the request ends
  kTargetTooLong,          // RequestLimits::max_target_bytes
  kHeadersTooLarge,        // RequestLimits::max_head_bytes or max_headers
  kBodyTooLarge,           // RequestLimits::max_body_bytes
  kTooSlow,                // HttpServerOptions::request_timeout
  kExpectationFailed,      // an Expect that is not 100-continue
  kUnknownMethod,          // a method that HTTP does not name
  kUnknownTransferCoding,  // any Transfer-Encoding but chunked
  kUnknownVersion,         // HTTP, but not 1.0 or 1.1
  kTooManyConnections,     // HttpServerOptions::max_connections
  kTooManyFromAddress,     // HttpServerOptions::max_connections_per_address
  kOverBudget,             // HttpServerOptions::max_buffered_bytes
};
inline constexpr std::size_t kRefusalCount = 12;

inline constexpr std::array<int, kRefusalCount> kRefusalStatus{400, 414, 431, 413, 408, 417,
                                                               501, 501, 505, 503, 429, 503};
inline constexpr std::array<std::string_view, kRefusalCount> kRefusalNames{
    "malformed",       "target_too_long",      "headers_too_large",     "body_too_large",
    "too_slow",        "expectation_failed",   "unknown_method",        "unknown_transfer_coding",
    "unknown_version", "too_many_connections", "too_many_from_address", "over_budget"};

constexpr int status_of(Refusal refusal) {
  return kRefusalStatus[static_cast<std::size_t>(refusal)];
}
constexpr std::string_view name_of(Refusal refusal) {
  return kRefusalNames[static_cast<std::size_t>(refusal)];
}

}  // namespace tacos::net
