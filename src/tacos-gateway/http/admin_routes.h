#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

// /admin/…: the events, their admission, pause, resume and drain, and who did what. Only for who shows the operator's
// token; every change is kept in the audit log and written to the log.
class AdminRoutes {
 public:
  explicit AdminRoutes(ApiThread& thread) : thread_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  using WithSnapshots = std::function<void(ApiExchange&, const core::Result<std::vector<EventSnapshot>>&)>;

  bool may(ApiExchange& exchange);
  // Asks the store for every event and comes back to this thread with the answer.
  void with_snapshots(ApiExchange& exchange, WithSnapshots then);
  static void write_events(ApiExchange& exchange, const std::vector<EventSnapshot>& events);
  void write_audit(ApiExchange& exchange);
  void change(ApiExchange& exchange);
  bool read_admission(ApiExchange& exchange, EventControl& change);
  void apply(ApiExchange& exchange, EventControl change, std::string from, std::string to);
  static void applied(ApiExchange& exchange, const core::Result<std::size_t>& result, const std::string& event_id,
                      std::string from, std::string to);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
