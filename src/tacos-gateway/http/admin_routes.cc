#include "tacos-gateway/http/admin_routes.h"

#include <algorithm>
#include <utility>

#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

constexpr std::string_view kAllEvents = "*";
constexpr double kMaxRate = 1e9;

std::string_view action_of(Route route) {
  switch (route) {
    case Route::kAdminAdmission:
      return "admission";
    case Route::kAdminPause:
      return "pause";
    case Route::kAdminResume:
      return "resume";
    default:
      return "drain";
  }
}

// What an operator is about to change, before it is.
std::string describe(const EventSnapshot& event) {
  return fmt::format("rate={:g} paused={} draining={}", event.admission_rate.per_second(), event.paused,
                     event.draining);
}

std::string describe_change(const EventControl& change) {
  std::string text;
  if (change.admission_rate) text += fmt::format("rate={:g} ", change.admission_rate->per_second());
  if (change.admission_burst) text += fmt::format("burst={:g} ", *change.admission_burst);
  if (change.paused) text += fmt::format("paused={} ", *change.paused);
  if (change.draining) text += fmt::format("draining={} ", *change.draining);
  if (!text.empty()) text.pop_back();
  return text;
}

void write_event(AnswerWriter& answer, const EventSnapshot& event) {
  const auto out = std::back_inserter(answer.body());
  fmt::format_to(out, R"({{"event_id":"{}","joined":{},"waiting":{},"ready":{},"entered":{},"left":{},"expired":{},)",
                 event.event_id, event.joined, event.waiting, event.ready, event.entered, event.left, event.expired);
  fmt::format_to(out,
                 R"("sold_out":{},"refused_sold_out":{},"admitted":{},"admission_rate":{},"paused":{},"draining":{},)",
                 event.sold_out, event.refused_sold_out, event.admitted, event.admission_rate.per_second(),
                 event.paused, event.draining);
  fmt::format_to(out, R"("failovers":{},"tickets_lost":{},"tickets_restored":{},"buckets":{},)", event.failovers,
                 event.tickets_lost, event.tickets_restored, event.buckets);
  fmt::format_to(out, R"("seats":{{"free":{},"held":{},"sold":{}}}}})", event.inventory.free, event.inventory.held,
                 event.inventory.sold);
}

}  // namespace

void AdminRoutes::handle(ApiExchange& exchange) {
  thread_.answer().begin();
  if (!may(exchange)) return;
  switch (exchange.route) {
    case Route::kAdminEvents:
      return with_snapshots(exchange, [](ApiExchange& asked, const core::Result<std::vector<EventSnapshot>>& events) {
        if (events.has_error()) {
          return asked.thread.answer().fail(asked, ApiError::kStoreUnavailable, events.error().message);
        }
        write_events(asked, *events);
      });
    case Route::kAdminAudit:
      return write_audit(exchange);
    default:
      return change(exchange);
  }
}

bool AdminRoutes::may(ApiExchange& exchange) {
  const auto& credential = thread_.services().admin;
  if (!credential) {
    thread_.answer().fail(exchange, ApiError::kForbidden, "the admin API is closed: start with --admin-token-file");
    return false;
  }
  const std::string_view bearer = ApiThread::bearer_of(exchange.request());
  if (bearer.empty() || !credential->matches(bearer)) {
    thread_.answer().fail(exchange, ApiError::kUnauthenticated, "send the operator's token as Authorization: Bearer");
    return false;
  }
  return true;
}

void AdminRoutes::with_snapshots(ApiExchange& exchange, WithSnapshots then) {
  thread_.services().store.snapshot([&exchange, then = std::move(then),
                                     mailbox = thread_.mailbox()](core::Result<std::vector<EventSnapshot>> result) {
    mailbox->post([&exchange, then, result = std::move(result)] {
      exchange.thread.answer().begin();
      then(exchange, result);
    });
  });
}

void AdminRoutes::write_events(ApiExchange& exchange, const std::vector<EventSnapshot>& events) {
  AnswerWriter& answer = exchange.thread.answer();
  answer.body().append(std::string_view(R"({"events":[)"));
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i > 0) answer.body().push_back(',');
    write_event(answer, events[i]);
  }
  answer.body().append(std::string_view("]}"));
  answer.send(exchange, 200);
}

void AdminRoutes::write_audit(ApiExchange& exchange) {
  AnswerWriter& answer = thread_.answer();
  const auto out = std::back_inserter(answer.body());
  answer.body().append(std::string_view(R"({"entries":[)"));
  bool first = true;
  for (const AuditEntry& entry : thread_.services().audit.entries()) {
    // Every text here was made by this program or checked to be an event id; only the peer comes from the system.
    fmt::format_to(out, R"({}{{"at":"{}","who":"{}","peer":"{}","action":"{}","event_id":"{}","from":"{}","to":"{}",)",
                   first ? "" : ",", format_timestamp(entry.unix_ms), entry.who, entry.peer, entry.action,
                   entry.event_id, entry.from, entry.to);
    fmt::format_to(out, R"("trace_id":"{}"}})", entry.trace_id);
    first = false;
  }
  answer.body().append(std::string_view("]}"));
  answer.send(exchange, 200);
}

void AdminRoutes::change(ApiExchange& exchange) {
  AnswerWriter& answer = thread_.answer();
  const std::string_view id = thread_.percent_decoded(exchange.id);
  EventControl change;
  if (id != kAllEvents) {
    if (!is_event_id(id)) {
      return answer.fail(exchange, ApiError::kInvalidArgument, "the path names no event; * stands for all",
                         {.field = "event_id"});
    }
    change.event_id = id;
  }
  switch (exchange.route) {
    case Route::kAdminAdmission:
      if (!read_admission(exchange, change)) return;
      break;
    case Route::kAdminPause:
      change.paused = true;
      break;
    case Route::kAdminResume:
      change.paused = false;
      change.draining = false;
      break;
    default:
      change.draining = true;
      break;
  }
  with_snapshots(exchange, [change](ApiExchange& asked, const core::Result<std::vector<EventSnapshot>>& events) {
    if (events.has_error()) {
      return asked.thread.answer().fail(asked, ApiError::kStoreUnavailable, events.error().message);
    }
    std::string from = "several";
    if (!change.event_id.empty()) {
      const auto found = std::find_if(events->begin(), events->end(),
                                      [&](const EventSnapshot& event) { return event.event_id == change.event_id; });
      if (found != events->end()) from = describe(*found);
    }
    AdminRoutes(asked.thread).apply(asked, change, std::move(from), describe_change(change));
  });
}

bool AdminRoutes::read_admission(ApiExchange& exchange, EventControl& change) {
  if (!thread_.read_body(exchange)) return false;
  AnswerWriter& answer = thread_.answer();
  double rate = 0;
  double burst = 0;
  const auto rate_found = thread_.json().get_number("rate", rate);
  const auto burst_found = thread_.json().get_number("burst", burst);
  if (rate_found == JsonBody::Found::kWrongType || rate < 0 || rate > kMaxRate ||
      (rate_found == JsonBody::Found::kAbsent && burst_found == JsonBody::Found::kAbsent)) {
    answer.fail(exchange, ApiError::kInvalidArgument, "rate must be users per second, 0 to 1e9", {.field = "rate"});
    return false;
  }
  if (burst_found == JsonBody::Found::kWrongType ||
      (burst_found == JsonBody::Found::kYes && (burst < 1 || burst > kMaxRate))) {
    answer.fail(exchange, ApiError::kInvalidArgument, "burst must be 1 to 1e9 users", {.field = "burst"});
    return false;
  }
  if (rate_found == JsonBody::Found::kYes) change.admission_rate = core::Rate::per_second(rate);
  if (burst_found == JsonBody::Found::kYes) change.admission_burst = burst;
  return true;
}

void AdminRoutes::apply(ApiExchange& exchange, EventControl change, std::string from, std::string to) {
  const std::string event_id = change.event_id;
  thread_.services().store.control(std::move(change), [&exchange, event_id, from = std::move(from), to = std::move(to),
                                                       mailbox = thread_.mailbox()](core::Result<std::size_t> result) {
    mailbox->post(
        [&exchange, result = std::move(result), event_id, from, to] { applied(exchange, result, event_id, from, to); });
  });
}

void AdminRoutes::applied(ApiExchange& exchange, const core::Result<std::size_t>& result, const std::string& event_id,
                          std::string from, std::string to) {
  GatewayServices& services = exchange.thread.services();
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  if (result.has_value() && *result == 0 && !event_id.empty()) {
    return answer.fail(exchange, ApiError::kNotFound,
                       fmt::format("there is no event '{}'; it comes into being at its first join", event_id));
  }
  AuditEntry entry;
  entry.unix_ms = services.unix_ms_now();
  entry.who = services.admin->id();
  entry.peer = exchange.client().to_string();
  entry.action = action_of(exchange.route);
  entry.event_id = event_id.empty() ? std::string(kAllEvents) : event_id;
  entry.from = std::move(from);
  entry.to = std::move(to);
  // It may have been made all the same, at some events or at all of them.
  if (result.has_error()) entry.to += " (not confirmed)";
  entry.trace_id = exchange.trace_id.text();
  services.log.info("operator action",
                    {{"action", std::string_view(entry.action)},
                     {"event", std::string_view(entry.event_id)},
                     {"from", std::string_view(entry.from)},
                     {"to", std::string_view(entry.to)},
                     {"who", std::string_view(entry.who)},
                     {"peer", std::string_view(entry.peer)}},
                    entry.trace_id);
  if (result.has_error()) {
    services.audit.add(std::move(entry));
    return answer.fail(exchange, ApiError::kStoreUnavailable, result.error().message);
  }
  fmt::format_to(std::back_inserter(answer.body()), R"({{"event_id":"{}","events_changed":{},"from":"{}","to":"{}"}})",
                 entry.event_id, *result, entry.from, entry.to);
  services.audit.add(std::move(entry));
  answer.send(exchange, 200);
}

}  // namespace tacos::gateway
