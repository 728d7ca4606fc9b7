#pragma once

#include <cstdint>
#include <string_view>

namespace tacos::gateway {

// The codes of the contract's error table, each with its status.
enum class ApiError : std::uint8_t {
  kMissingEventId,
  kMissingToken,
  kMalformedJson,
  kInvalidArgument,
  kIdempotencyRequired,
  kBadRequest,  // HTTP itself is malformed
  kUnauthenticated,
  kNotReady,
  kForbidden,
  kNotFound,  // no such path or reservation
  kTokenNotFound,
  kEventNotFound,
  kMethodNotAllowed,
  kRequestTimeout,
  kIdempotencyInFlight,
  kSeatTaken,
  kAlreadyInLine,
  kEventInUse,
  kTokenExpired,
  kSoldOut,
  kBodyTooLarge,
  kTargetTooLong,
  kExpectationFailed,
  kIdempotencyConflict,
  kRateLimited,
  kHeadersTooLarge,
  kInternal,
  kNotImplemented,
  kUpstreamFailed,
  kStoreUnavailable,
  kOverloaded,
  kUpstreamTimeout,
  kVersionNotSupported,
};

struct ApiErrorText {
  int status;
  std::string_view code;
};

constexpr ApiErrorText text_of(ApiError error) {
  switch (error) {
    case ApiError::kMissingEventId:
      return {400, "MISSING_EVENT_ID"};
    case ApiError::kMissingToken:
      return {400, "MISSING_TOKEN"};
    case ApiError::kMalformedJson:
      return {400, "MALFORMED_JSON"};
    case ApiError::kInvalidArgument:
      return {400, "INVALID_ARGUMENT"};
    case ApiError::kIdempotencyRequired:
      return {400, "IDEMPOTENCY_REQUIRED"};
    case ApiError::kBadRequest:
      return {400, "BAD_REQUEST"};
    case ApiError::kUnauthenticated:
      return {401, "UNAUTHENTICATED"};
    case ApiError::kNotReady:
      return {403, "NOT_READY"};
    case ApiError::kForbidden:
      return {403, "FORBIDDEN"};
    case ApiError::kNotFound:
      return {404, "NOT_FOUND"};
    case ApiError::kTokenNotFound:
      return {404, "TOKEN_NOT_FOUND"};
    case ApiError::kEventNotFound:
      return {404, "EVENT_NOT_FOUND"};
    case ApiError::kMethodNotAllowed:
      return {405, "METHOD_NOT_ALLOWED"};
    case ApiError::kRequestTimeout:
      return {408, "REQUEST_TIMEOUT"};
    case ApiError::kIdempotencyInFlight:
      return {409, "IDEMPOTENCY_IN_FLIGHT"};
    case ApiError::kSeatTaken:
      return {409, "SEAT_TAKEN"};
    case ApiError::kAlreadyInLine:
      return {409, "ALREADY_IN_LINE"};
    case ApiError::kEventInUse:
      return {409, "EVENT_IN_USE"};
    case ApiError::kTokenExpired:
      return {410, "TOKEN_EXPIRED"};
    case ApiError::kSoldOut:
      return {410, "SOLD_OUT"};
    case ApiError::kBodyTooLarge:
      return {413, "BODY_TOO_LARGE"};
    case ApiError::kTargetTooLong:
      return {414, "TARGET_TOO_LONG"};
    case ApiError::kExpectationFailed:
      return {417, "EXPECTATION_FAILED"};
    case ApiError::kIdempotencyConflict:
      return {422, "IDEMPOTENCY_CONFLICT"};
    case ApiError::kRateLimited:
      return {429, "RATE_LIMITED"};
    case ApiError::kHeadersTooLarge:
      return {431, "HEADERS_TOO_LARGE"};
    case ApiError::kInternal:
      return {500, "INTERNAL"};
    case ApiError::kNotImplemented:
      return {501, "NOT_IMPLEMENTED"};
    case ApiError::kUpstreamFailed:
      return {502, "UPSTREAM_FAILED"};
    case ApiError::kStoreUnavailable:
      return {503, "STORE_UNAVAILABLE"};
    case ApiError::kOverloaded:
      return {503, "OVERLOADED"};
    case ApiError::kUpstreamTimeout:
      return {504, "UPSTREAM_TIMEOUT"};
    case ApiError::kVersionNotSupported:
      return {505, "VERSION_NOT_SUPPORTED"};
  }
  return {500, "INTERNAL"};
}

}  // namespace tacos::gateway
