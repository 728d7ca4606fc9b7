#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "net/http_server.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/http/admin_credential.h"
#include "tacos-gateway/http/admin_guard.h"
#include "tacos-gateway/http/audit_log.h"
#include "tacos-gateway/http/cors_policy.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/http/join_gate.h"
#include "tacos-gateway/http/loop_progress.h"
#include "tacos-gateway/http/memory_trimmer.h"
#include "tacos-gateway/http/metrics.h"
#include "tacos-gateway/http/operator_reports.h"
#include "tacos-gateway/http/readiness.h"
#include "tacos-gateway/store/queue_store.h"
#include "tacos-gateway/token/ticket_signer.h"

namespace tacos::gateway {

// What all server threads use together. Owned by the Gateway, outlives its server; each part says for itself that any
// thread may use it.
struct GatewayServices {
  const core::Clock& clock;
  GatewayLog& log;
  QueueStore& store;
  SeatStore& seats;
  std::vector<SecretKey> signing_keys{};
  EventTerms default_terms{};  // of events that are declared without terms of their own
  JoinRules joins{};
  std::optional<AdminCredential> admin{};  // without one the admin API is closed
  std::size_t max_body_bytes = 64 * 1024;
  std::string store_kind = "embedded";  // for metrics, like the next
  std::string position_strategy = "index";
  SeatLimits seat_limits{};            // what the seats keep to, for those who are told
  std::int64_t unix_ms_at_origin = 0;  // of the clock's own zero
  // One per server thread, that of the operators' port last, made before the threads start.
  std::vector<std::unique_ptr<ThreadMetrics>> metrics{};
  CorsPolicy cors{};
  AuditLog audit{};
  Readiness readiness{};
  // The server these threads belong to, once it has started.
  std::atomic<const net::HttpServer*> server{nullptr};
  std::atomic<const net::HttpServer*> admin_server{nullptr};  // likewise
  std::atomic<const MemoryTrimmer*> trimmer{nullptr};         // likewise
  AdminGuard admin_guard{};
  std::atomic<std::uint64_t> admin_auth_failures{0};   // requests to /admin without the right token
  std::atomic<std::uint64_t> admin_auth_throttled{0};  // of these, unread because their address had guessed too often
  OperatorReports* reports = nullptr;                  // made before the threads start
  LoopProgress progress{};

  // Calendar time by the one clock that everything here runs on.
  std::int64_t unix_ms_now() const {
    return unix_ms_at_origin + clock.now().since_origin() / std::chrono::milliseconds(1);
  }
};

}  // namespace tacos::gateway
