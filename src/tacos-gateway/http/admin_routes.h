#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/event_routes.h"

namespace tacos::gateway {

// /admin/…: the events, their admission, pause, resume and drain, and who did what. Only for who shows the operator's
// token; every change is kept in the audit log and written to the log.
class AdminRoutes {
 public:
  explicit AdminRoutes(ApiThread& thread) : thread_(thread), events_(thread) {}

  void handle(ApiExchange& exchange);

  static constexpr std::size_t kMostOnAPage = 1000;
  // Which events GET /admin/events lists: those behind this id, in the order of their ids.
  struct Page {
    std::size_t limit = 200;
    std::string after = {};
  };

 private:
  bool may(ApiExchange& exchange);
  void note_refusal(ApiExchange& exchange, std::string_view peer, std::string_view reason);
  void refuse_for_a_while(ApiExchange& exchange, core::Nanos wait);
  bool read_page(ApiExchange& exchange, Page& page);
  void list_events(ApiExchange& exchange);
  // Has every event looked at, off the server threads; then is called on the thread of the reports.
  void ask_reports(ApiExchange& exchange, OperatorReports::WithSnapshots then);
  void one_event(ApiExchange& exchange);
  void write_audit(ApiExchange& exchange);
  void change(ApiExchange& exchange);
  bool read_admission(ApiExchange& exchange, EventControl& change);
  void apply(ApiExchange& exchange, EventControl change, std::string from, std::string to);
  static void applied(ApiExchange& exchange, const core::Result<std::size_t>& result, const std::string& event_id,
                      std::string from, std::string to);

  ApiThread& thread_;
  EventRoutes events_;
};

}  // namespace tacos::gateway
