#include "tacos-gateway/http/probe_routes.h"

#include "tacos-gateway/http/metrics_page.h"

namespace tacos::gateway {

void ProbeRoutes::handle(ApiExchange& exchange) {
  thread_.answer().begin();
  switch (exchange.route) {
    case Route::kHealth:
      thread_.answer().body().append(std::string_view(R"({"status":"alive"})"));
      return thread_.answer().send(exchange, 200);
    case Route::kReady:
      return ready(exchange);
    default:
      return metrics(exchange);
  }
}

void ProbeRoutes::ready(ApiExchange& exchange) {
  GatewayServices& services = thread_.services();
  if (services.readiness.stopping()) {
    return thread_.answer().fail(exchange, ApiError::kOverloaded, "this gateway is shutting down");
  }
  if (!services.readiness.store_answers(services.clock.now())) {
    return thread_.answer().fail(exchange, ApiError::kStoreUnavailable, "the store does not answer");
  }
  thread_.answer().body().append(std::string_view(R"({"status":"ready"})"));
  thread_.answer().send(exchange, 200);
}

void ProbeRoutes::metrics(ApiExchange& exchange) {
  thread_.services().store.snapshot(
      [&exchange, mailbox = thread_.mailbox()](core::Result<std::vector<EventSnapshot>> result) {
        mailbox->post([&exchange, result = std::move(result)] {
          // Without the store there is still the rest to show, and it is wanted most then.
          write_metrics(exchange, result.has_error() ? std::span<const EventSnapshot>() : std::span(*result));
        });
      });
}

void ProbeRoutes::write_metrics(ApiExchange& exchange, std::span<const EventSnapshot> events) {
  GatewayServices& services = exchange.thread.services();
  std::vector<const ThreadMetrics*> threads;
  for (const auto& metrics : services.metrics) threads.push_back(metrics.get());
  MetricsInput input;
  input.threads = threads;
  input.events = events;
  const std::vector<StoreMetric> store = services.store.metrics();
  input.store = store;
  input.store_kind = services.store_kind;
  input.position_strategy = services.position_strategy;
  if (const net::HttpServer* server = services.server.load(); server != nullptr) input.server = server->counts();
  if (const MemoryTrimmer* trimmer = services.trimmer.load(); trimmer != nullptr) input.trims = trimmer->counts();
  input.join_limiters = services.joins.limiter_counts();
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  answer.body().append(std::string_view(metrics_page(input)));
  answer.send(exchange, 200, kMetricsContentType);
}

}  // namespace tacos::gateway
