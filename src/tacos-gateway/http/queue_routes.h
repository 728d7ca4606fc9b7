#pragma once

#include "tacos-gateway/http/api_thread.h"

namespace tacos::gateway {

// POST /queue/join, GET /queue/status, POST /queue/enter, DELETE /queue/leave: reads and checks the request, asks the
// store, words what the store says. Nothing here allocates once warm.
class QueueRoutes {
 public:
  explicit QueueRoutes(ApiThread& thread) : thread_(thread) {}

  void handle(ApiExchange& exchange);

 private:
  void join(ApiExchange& exchange);
  void ask_about_ticket(ApiExchange& exchange, StoreCommand::Kind kind, std::string_view token);
  bool take_proofs(ApiExchange& exchange);
  void ask(ApiExchange& exchange, StoreCommand::Kind kind);

  static void answered(StoreCommand& command);
  void answer(ApiExchange& exchange);
  // Asks the seats what has become of the reservation that a ticket has made.
  void ask_about_reservation(ApiExchange& exchange);
  static void told_of_reservation(SeatCommand& command);
  void answer_join(ApiExchange& exchange);
  void answer_status(ApiExchange& exchange);
  void answer_enter(ApiExchange& exchange);
  void answer_leave(ApiExchange& exchange);
  enum class Rounding { kUp, kDown };
  void write_tenths(core::Nanos duration, Rounding rounding);

  ApiThread& thread_;
};

// Words what the store refused; shared with the routes that spend grants.
void fail_for(ApiExchange& exchange, StoreOutcome outcome);

}  // namespace tacos::gateway
