#include "tacos-gateway/http/admin_routes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
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

std::string before_change(const std::vector<EventSnapshot>& events, const std::string& event_id) {
  if (event_id.empty()) return "several";
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const EventSnapshot& event) { return event.event_id == event_id; });
  return found == events.end() ? "several" : describe(*found);
}

void write_event(std::string& body, const EventSnapshot& event) {
  const auto out = std::back_inserter(body);
  fmt::format_to(out, R"({{"event_id":"{}","joined":{},"waiting":{},"ready":{},"entered":{},"left":{},"expired":{},)",
                 event.event_id, event.joined, event.waiting, event.ready, event.entered, event.left, event.expired);
  fmt::format_to(out,
                 R"("sold_out":{},"refused_sold_out":{},"admitted":{},"admission_rate":{},"paused":{},"draining":{},)",
                 event.sold_out, event.refused_sold_out, event.admitted, event.admission_rate.per_second(),
                 event.paused, event.draining);
  fmt::format_to(
      out, R"("opens_at":{},"price":{},"currency":"{}",)",
      event.opens_unix_ms == 0 ? std::string("null") : fmt::format(R"("{}")", format_timestamp(event.opens_unix_ms)),
      event.price, event.currency);
  fmt::format_to(out, R"("declared":{},"failovers":{},"tickets_lost":{},"tickets_restored":{},"buckets":{},)",
                 event.declared, event.failovers, event.tickets_lost, event.tickets_restored, event.buckets);
  fmt::format_to(out, R"("seats":{{"free":{},"held":{},"sold":{}}}}})", event.inventory.free, event.inventory.held,
                 event.inventory.sold);
}

// {"events":[…],"total":N} in the order of their ids, and "next" when there are more: the id to ask for after.
std::string page_of(const std::vector<EventSnapshot>& events, const AdminRoutes::Page& page) {
  std::vector<const EventSnapshot*> listed;
  for (const EventSnapshot& event : events) {
    if (event.event_id > page.after) listed.push_back(&event);
  }
  const std::size_t shown = std::min(page.limit, listed.size());
  std::partial_sort(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(shown), listed.end(),
                    [](const EventSnapshot* a, const EventSnapshot* b) { return a->event_id < b->event_id; });
  std::string body = R"({"events":[)";
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) body += ',';
    write_event(body, *listed[i]);
  }
  fmt::format_to(std::back_inserter(body), R"(],"total":{})", events.size());
  if (shown < listed.size()) fmt::format_to(std::back_inserter(body), R"(,"next":"{}")", listed[shown - 1]->event_id);
  body += '}';
  return body;
}

}  // namespace

void AdminRoutes::handle(ApiExchange& exchange) {
  thread_.answer().begin();
  if (!may(exchange)) return;
  switch (exchange.route) {
    case Route::kAdminEvents:
      return list_events(exchange);
    case Route::kAdminAudit:
      return write_audit(exchange);
    case Route::kAdminEvent:
      return one_event(exchange);
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
  GatewayServices& services = thread_.services();
  const std::string peer = exchange.client().to_string();
  const core::Instant now = services.clock.now();
  if (const core::Nanos wait = services.admin_guard.must_wait(peer, now); wait > core::Nanos(0)) {
    note_refusal(exchange, peer, "too many wrong tokens from this address");
    services.admin_auth_throttled.fetch_add(1, std::memory_order_relaxed);
    refuse_for_a_while(exchange, wait);
    return false;
  }
  const std::string_view bearer = ApiThread::bearer_of(exchange.request());
  if (!bearer.empty() && credential->matches(bearer)) return true;
  // A request without a token is no guess.
  if (!bearer.empty()) services.admin_guard.failed(peer, now);
  note_refusal(exchange, peer, bearer.empty() ? "no token" : "wrong token");
  thread_.answer().fail(exchange, ApiError::kUnauthenticated, "send the operator's token as Authorization: Bearer");
  return false;
}

// The token that was sent goes nowhere: a typing error of the right one would stand in the log.
void AdminRoutes::note_refusal(ApiExchange& exchange, std::string_view peer, std::string_view reason) {
  GatewayServices& services = thread_.services();
  services.admin_auth_failures.fetch_add(1, std::memory_order_relaxed);
  services.log.write_limited(GatewayLog::Level::kWarn, LogCause::kAdminAuth, "request to /admin refused",
                             {{"reason", reason}, {"peer", peer}, {"route", pattern_of(exchange.route)}},
                             exchange.trace_id.text());
}

void AdminRoutes::refuse_for_a_while(ApiExchange& exchange, core::Nanos wait) {
  AnswerWriter& answer = thread_.answer();
  const core::Nanos whole_seconds = (wait + std::chrono::seconds(1) - core::Nanos(1)) / std::chrono::seconds(1) *
                                    core::Nanos(std::chrono::seconds(1));
  answer.header("X-RateLimit-Limit", fmt::format("{}", AdminGuard::kFreeGuesses));
  answer.header("X-RateLimit-Remaining", "0");
  answer.header("X-RateLimit-Reset", fmt::format("{}", whole_seconds / std::chrono::seconds(1)));
  answer.fail(exchange, ApiError::kRateLimited, "too many wrong tokens came from this address; ask again later",
              {.retry_after = whole_seconds});
}

bool AdminRoutes::read_page(ApiExchange& exchange, Page& page) {
  const std::string_view limit = exchange.request().query_value("limit");
  if (!limit.empty()) {
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), page.limit);
    if (error != std::errc() || end != limit.data() + limit.size() || page.limit < 1 || page.limit > kMostOnAPage) {
      thread_.answer().fail(exchange, ApiError::kInvalidArgument,
                            fmt::format("limit is how many events to list: 1 to {}", kMostOnAPage), {.field = "limit"});
      return false;
    }
  }
  const std::string_view after = thread_.percent_decoded(exchange.request().query_value("after"));
  if (!after.empty() && !is_event_id(after)) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "after is the event_id that the last page ended with",
                          {.field = "after"});
    return false;
  }
  page.after = after;
  return true;
}

void AdminRoutes::list_events(ApiExchange& exchange) {
  Page page;
  if (!read_page(exchange, page)) return;
  const auto work = [&exchange, page, mailbox = thread_.mailbox()](const OperatorReports::Snapshots& events) {
    if (events.has_error()) {
      return mailbox->post([&exchange, message = events.error().message] {
        exchange.thread.answer().begin();
        exchange.thread.answer().fail(exchange, ApiError::kStoreUnavailable, message);
      });
    }
    // Worded here, off the server threads; std::function copies what it holds, hence shared.
    mailbox->post([&exchange, body = std::make_shared<const std::string>(page_of(*events, page))] {
      AnswerWriter& answer = exchange.thread.answer();
      answer.begin();
      answer.body().append(std::string_view(*body));
      answer.send(exchange, 200);
    });
  };
  ask_reports(exchange, work);
}

void AdminRoutes::one_event(ApiExchange& exchange) {
  const net::HttpMethod method = exchange.request().method();
  if (method == net::HttpMethod::kPut || method == net::HttpMethod::kDelete) return events_.handle(exchange);
  const std::string event_id(thread_.percent_decoded(exchange.id));
  ask_reports(exchange, [&exchange, event_id, mailbox = thread_.mailbox()](const OperatorReports::Snapshots& events) {
    std::string body;
    if (events.has_value()) {
      const auto found = std::find_if(events->begin(), events->end(),
                                      [&](const EventSnapshot& event) { return event.event_id == event_id; });
      if (found != events->end()) write_event(body, *found);
    }
    const std::string fault = events.has_error() ? events.error().message : std::string();
    mailbox->post([&exchange, body, fault] {
      AnswerWriter& answer = exchange.thread.answer();
      answer.begin();
      if (!fault.empty()) return answer.fail(exchange, ApiError::kStoreUnavailable, fault);
      if (body.empty()) return answer.fail(exchange, ApiError::kEventNotFound, "there is no event of this name");
      answer.body().append(std::string_view(body));
      answer.send(exchange, 200);
    });
  });
}

void AdminRoutes::ask_reports(ApiExchange& exchange, OperatorReports::WithSnapshots then) {
  OperatorReports* const reports = thread_.services().reports;
  if (reports != nullptr && reports->ask_snapshots(std::move(then))) return;
  thread_.answer().fail(exchange, ApiError::kOverloaded, "too many ask about the events");
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
  ask_reports(exchange, [&exchange, change, mailbox = thread_.mailbox()](const OperatorReports::Snapshots& events) {
    if (events.has_error()) {
      return mailbox->post([&exchange, message = events.error().message] {
        exchange.thread.answer().begin();
        exchange.thread.answer().fail(exchange, ApiError::kStoreUnavailable, message);
      });
    }
    mailbox->post([&exchange, change, from = before_change(*events, change.event_id)] {
      AdminRoutes(exchange.thread).apply(exchange, change, from, describe_change(change));
    });
  });
}

bool AdminRoutes::read_admission(ApiExchange& exchange, EventControl& change) {
  if (!thread_.read_body(exchange)) return false;
  AnswerWriter& answer = thread_.answer();
  static constexpr std::array<std::string_view, 2> kMembers{"rate", "burst"};
  if (const auto unknown = thread_.json().unknown_member(kMembers)) {
    answer.fail(exchange, ApiError::kInvalidArgument,
                fmt::format("'{}' is no member; there are {}", *unknown, fmt::join(kMembers, ", ")),
                {.field = *unknown});
    return false;
  }
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
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  if (result.has_value() && *result == 0 && !event_id.empty()) {
    return answer.fail(exchange, ApiError::kEventNotFound,
                       fmt::format("there is no event '{}'; declare it with PUT /admin/events/{}", event_id, event_id));
  }
  const std::string_view shown_id = event_id.empty() ? kAllEvents : std::string_view(event_id);
  // It may have been made all the same, at some events or at all of them.
  exchange.thread.audit(exchange, action_of(exchange.route), shown_id, from,
                        result.has_error() ? to + " (not confirmed)" : to);
  if (result.has_error()) return answer.fail(exchange, ApiError::kStoreUnavailable, result.error().message);
  fmt::format_to(std::back_inserter(answer.body()), R"({{"event_id":"{}","events_changed":{},"from":"{}","to":"{}"}})",
                 shown_id, *result, from, to);
  answer.send(exchange, 200);
}

}  // namespace tacos::gateway
