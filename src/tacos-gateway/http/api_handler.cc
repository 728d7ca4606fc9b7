#include "tacos-gateway/http/api_handler.h"

#include <utility>

namespace tacos::gateway {
namespace {

ApiError error_of(net::Refusal refusal) {
  switch (refusal) {
    case net::Refusal::kMalformed:
      return ApiError::kBadRequest;
    case net::Refusal::kTargetTooLong:
      return ApiError::kTargetTooLong;
    case net::Refusal::kHeadersTooLarge:
      return ApiError::kHeadersTooLarge;
    case net::Refusal::kBodyTooLarge:
      return ApiError::kBodyTooLarge;
    case net::Refusal::kTooSlow:
      return ApiError::kRequestTimeout;
    case net::Refusal::kExpectationFailed:
      return ApiError::kExpectationFailed;
    case net::Refusal::kUnknownMethod:
    case net::Refusal::kUnknownTransferCoding:
      return ApiError::kNotImplemented;
    case net::Refusal::kUnknownVersion:
      return ApiError::kVersionNotSupported;
    case net::Refusal::kTooManyFromAddress:
      return ApiError::kRateLimited;
    case net::Refusal::kTooManyConnections:
    case net::Refusal::kOverBudget:
      return ApiError::kOverloaded;
  }
  return ApiError::kInternal;
}

// What a port does not serve is not there: it answers as for a path that nobody knows.
bool serves(PortRole role, Route route) {
  switch (route) {
    case Route::kHealth:
    case Route::kReady:
    case Route::kUnknown:
      return true;
    case Route::kMetrics:
      return role != PortRole::kPublic;
    case Route::kJoin:
    case Route::kStatus:
    case Route::kEnter:
    case Route::kLeave:
    case Route::kReserve:
    case Route::kConfirm:
    case Route::kCancel:
    case Route::kPaymentIntent:
    case Route::kPaymentProcess:
      return role != PortRole::kOperators;
    default:  // /admin
      return role != PortRole::kPublic;
  }
}

ApiExchange& state_of(net::HttpExchange& exchange) {
  return static_cast<ApiExchange&>(*exchange.state());
}

}  // namespace

ApiHandler::ApiHandler(GatewayServices& services, boost::asio::io_context& loop, unsigned number,
                       std::unique_ptr<TicketSigner> signer, PortRole role)
    : role_(role),
      thread_(services, loop, number, std::move(signer)),
      queue_(thread_),
      seats_(thread_),
      admin_(thread_),
      probes_(thread_) {
  if (number == 0) ticker_ = std::make_unique<Ticker>(services, loop, thread_.seats());
}

void ApiHandler::handle(net::HttpExchange& http) {
  const ApiThread::Collecting collecting(thread_);
  const net::HttpRequest& request = http.request();
  RouteMatch match = match_route(request.method(), request.path());
  if (!serves(role_, match.route)) match = RouteMatch{};
  const auto given = TraceId::from_traceparent(request.sole_header("traceparent"));
  ApiExchange& exchange = state_of(http);
  exchange.begin(http, match, given ? *given : TraceId::random(thread_.random()));
  dispatch(exchange, match);
}

void ApiHandler::answer_options(ApiExchange& exchange, const RouteMatch& match) {
  thread_.answer().begin();
  if (exchange.request().target() == "*") {
    return thread_.answer().send_options(exchange, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  }
  if (match.route == Route::kUnknown) {
    return thread_.answer().fail(exchange, ApiError::kNotFound, "there is nothing at this path");
  }
  thread_.answer().send_options(exchange, with_options(match.allow));
}

// In a buffer that is reused: what it returns is valid until the next call.
std::string_view ApiHandler::with_options(std::string_view allow) {
  allow_.assign(allow).append(", OPTIONS");
  return allow_;
}

void ApiHandler::dispatch(ApiExchange& exchange, const RouteMatch& match) {
  if (exchange.request().method() == net::HttpMethod::kOptions) return answer_options(exchange, match);
  if (!match.method_allowed) {
    thread_.answer().begin();
    thread_.answer().header("Allow", with_options(match.allow));
    return thread_.answer().fail(exchange, ApiError::kMethodNotAllowed, "this path takes another method");
  }
  switch (match.route) {
    case Route::kJoin:
    case Route::kStatus:
    case Route::kEnter:
    case Route::kLeave:
      return queue_.handle(exchange);
    case Route::kReserve:
    case Route::kConfirm:
    case Route::kCancel:
    case Route::kPaymentIntent:
    case Route::kPaymentProcess:
      return seats_.handle(exchange);
    case Route::kHealth:
    case Route::kReady:
    case Route::kMetrics:
      return probes_.handle(exchange);
    case Route::kUnknown:
      thread_.answer().begin();
      return thread_.answer().fail(exchange, ApiError::kNotFound, "there is nothing at this path");
    default:
      return admin_.handle(exchange);
  }
}

void ApiHandler::refuse(net::HttpExchange& http, net::Refusal refusal, std::string_view reason) {
  ApiExchange& exchange = state_of(http);
  exchange.begin(http, RouteMatch{}, TraceId::random(thread_.random()));
  thread_.answer().begin();
  thread_.answer().fail_last(exchange, error_of(refusal), reason);
}

}  // namespace tacos::gateway
