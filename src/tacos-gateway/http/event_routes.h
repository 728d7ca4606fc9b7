#pragma once

#include <string>

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

// PUT and DELETE /admin/events/{id}: an operator declares an event, or takes it back. The caller has
// checked the operator's token. Each change is kept in the audit log.
class EventRoutes {
 public:
  explicit EventRoutes(ApiThread& thread) : thread_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  // A member that is left out is as it stands, or as the command line says for a new event.
  void declare(ApiExchange& exchange, const std::string& event_id);
  void declare_over(ApiExchange& exchange, const EventTerms& standing);
  static void declared(ApiExchange& exchange, const core::Result<Declared>& result, const EventTerms& terms);
  void withdraw(ApiExchange& exchange, const std::string& event_id);
  static void withdrawn(ApiExchange& exchange, const core::Result<Withdrawn>& result, const std::string& event_id,
                        bool by_force);

  ApiThread& thread_;
};

}  // namespace tacos::gateway
