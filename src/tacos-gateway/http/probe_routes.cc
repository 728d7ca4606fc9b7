#include "tacos-gateway/http/probe_routes.h"

#include <utility>
#include <vector>

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
  OperatorReports* const reports = thread_.services().reports;
  const bool taken_on =
      reports != nullptr && reports->ask_page([&exchange, mailbox = thread_.mailbox()](OperatorReports::Page page) {
        mailbox->post([&exchange, page = std::move(page)] {
          AnswerWriter& answer = exchange.thread.answer();
          answer.begin();
          answer.body().append(std::string_view(*page));
          answer.send(exchange, 200, kMetricsContentType);
        });
      });
  if (!taken_on) thread_.answer().fail(exchange, ApiError::kOverloaded, "too many ask for the metrics");
}

std::string current_metrics_page(GatewayServices& services, const OperatorReports::Snapshots& events) {
  std::vector<const ThreadMetrics*> threads;
  for (const auto& metrics : services.metrics) threads.push_back(metrics.get());
  MetricsInput input;
  input.threads = threads;
  // Without the store there is still the rest to show, and it is wanted most then.
  if (events.has_value()) input.events = *events;
  std::vector<StoreMetric> store = services.store.metrics();
  for (const StoreMetric& metric : services.seats.metrics()) store.push_back(metric);
  input.store = store;
  input.store_kind = services.store_kind;
  input.position_strategy = services.position_strategy;
  if (const net::HttpServer* server = services.server.load(); server != nullptr) input.server = server->counts();
  if (const net::HttpServer* server = services.admin_server.load(); server != nullptr) {
    input.admin_server = server->counts();
  }
  if (const MemoryTrimmer* trimmer = services.trimmer.load(); trimmer != nullptr) input.trims = trimmer->counts();
  input.log_lines_dropped = services.log.dropped();
  for (std::size_t cause = 0; cause < kLogCauseNames.size(); ++cause) {
    input.log_lines_left_out[cause] = services.log.left_out(static_cast<LogCause>(cause));
  }
  input.admin_auth_failures = services.admin_auth_failures.load(std::memory_order_relaxed);
  input.admin_auth_throttled = services.admin_auth_throttled.load(std::memory_order_relaxed);
  input.join_limiters = services.joins.limiter_counts();
  return metrics_page(input);
}

}  // namespace tacos::gateway
