#include "tacos-gateway/http/event_routes.h"

#include <utility>

#include "tacos-gateway/http/event_terms_reader.h"
#include "tacos-gateway/http/timestamp.h"

namespace tacos::gateway {
namespace {

std::string opening_text(std::int64_t unix_ms) {
  return unix_ms == 0 ? std::string("null") : fmt::format(R"("{}")", format_timestamp(unix_ms));
}

std::string describe(const EventTerms& terms) {
  return fmt::format("seats={} rate={:g} burst={:g} opens_at={} price={} {}", terms.seats,
                     terms.admission_rate.per_second(), terms.admission_burst,
                     terms.opens_unix_ms == 0 ? std::string("at once") : format_timestamp(terms.opens_unix_ms),
                     terms.price, terms.currency);
}

}  // namespace

void EventRoutes::handle(ApiExchange& exchange) {
  const std::string event_id(thread_.percent_decoded(exchange.id));
  if (!is_event_id(event_id)) {
    return thread_.answer().fail(exchange, ApiError::kInvalidArgument,
                                 "an event's id has 1 to 64 letters, digits, '.', '_', ':' or '-'",
                                 {.field = "event_id"});
  }
  if (exchange.request().method() == net::HttpMethod::kPut) return declare(exchange, event_id);
  withdraw(exchange, event_id);
}

void EventRoutes::declare(ApiExchange& exchange, const std::string& event_id) {
  EventTerms standing = thread_.services().default_terms;
  standing.event_id = event_id;
  OperatorReports* const reports = thread_.services().reports;
  const auto then = [&exchange, standing, mailbox = thread_.mailbox()](const OperatorReports::Snapshots& events) {
    EventTerms over = standing;
    if (events.has_value()) {
      for (const EventSnapshot& event : *events) {
        if (event.declared && event.event_id == standing.event_id) over = event.terms;
      }
    }
    const std::string fault = events.has_error() ? events.error().message : std::string();
    mailbox->post([&exchange, over, fault] {
      exchange.thread.answer().begin();
      if (!fault.empty()) return exchange.thread.answer().fail(exchange, ApiError::kStoreUnavailable, fault);
      EventRoutes(exchange.thread).declare_over(exchange, over);
    });
  };
  if (reports != nullptr && reports->ask_snapshots(then)) return;
  thread_.answer().fail(exchange, ApiError::kOverloaded, "too many ask about the events");
}

void EventRoutes::declare_over(ApiExchange& exchange, const EventTerms& standing) {
  if (!thread_.read_body(exchange)) return;
  thread_.answer().begin();
  auto terms = read_event_terms(thread_.json(), standing, false);
  if (terms.has_error()) {
    return thread_.answer().fail(exchange, ApiError::kInvalidArgument, terms.error().message,
                                 {.field = terms.error().field});
  }
  const EventTerms asked = *terms;
  thread_.services().store.declare(
      std::move(*terms), Redeclare::kReplace,
      [&exchange, asked, mailbox = thread_.mailbox()](const core::Result<Declared>& result) {
        mailbox->post([&exchange, asked, result] { declared(exchange, result, asked); });
      });
}

void EventRoutes::declared(ApiExchange& exchange, const core::Result<Declared>& result, const EventTerms& terms) {
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  if (result.has_error()) {
    exchange.thread.audit(exchange, "declare", terms.event_id, "", describe(terms) + " (not confirmed)");
    return answer.fail(exchange, ApiError::kStoreUnavailable, result.error().message);
  }
  switch (*result) {
    case Declared::kFull:
      return answer.fail(exchange, ApiError::kOverloaded,
                         "as many events are declared as may be (--max-events); withdraw one first");
    case Declared::kInUse:
      return answer.fail(exchange, ApiError::kEventInUse,
                         "seats, price and currency can't change any more: somebody has joined the event");
    case Declared::kHasOpened:
      return answer.fail(exchange, ApiError::kEventInUse,
                         "the opening can't be put off any more: users have been let in; pause the event instead");
    default:
      break;
  }
  const bool made = *result == Declared::kMade;
  exchange.thread.audit(exchange, made ? "declare" : "redeclare", terms.event_id, "", describe(terms));
  fmt::format_to(
      std::back_inserter(answer.body()),
      R"({{"event_id":"{}","declared":true,"seats":{},"admission_rate":{},"admission_burst":{:.0f},"opens_at":{},)"
      R"("price":{},"currency":"{}"}})",
      terms.event_id, terms.seats, terms.admission_rate.per_second(), terms.admission_burst,
      opening_text(terms.opens_unix_ms), terms.price, terms.currency);
  answer.send(exchange, made ? 201 : 200);
}

void EventRoutes::withdraw(ApiExchange& exchange, const std::string& event_id) {
  const std::string_view force = exchange.request().query_value("force");
  if (!force.empty() && force != "true" && force != "false") {
    return thread_.answer().fail(exchange, ApiError::kInvalidArgument, "force must be true or false",
                                 {.field = "force"});
  }
  const bool by_force = force == "true";
  thread_.services().store.withdraw(
      event_id, by_force,
      [&exchange, event_id, by_force, mailbox = thread_.mailbox()](const core::Result<Withdrawn>& result) {
        mailbox->post([&exchange, event_id, by_force, result] { withdrawn(exchange, result, event_id, by_force); });
      });
}

void EventRoutes::withdrawn(ApiExchange& exchange, const core::Result<Withdrawn>& result, const std::string& event_id,
                            bool by_force) {
  AnswerWriter& answer = exchange.thread.answer();
  answer.begin();
  const char* const action = by_force ? "withdraw by force" : "withdraw";
  if (result.has_error()) {
    exchange.thread.audit(exchange, action, event_id, "", "gone (not confirmed)");
    return answer.fail(exchange, ApiError::kStoreUnavailable, result.error().message);
  }
  if (*result == Withdrawn::kNotFound) {
    return answer.fail(exchange, ApiError::kEventNotFound, fmt::format("there is no event '{}'", event_id));
  }
  if (*result == Withdrawn::kInUse) {
    return answer.fail(exchange, ApiError::kEventInUse,
                       "users are in line, or seats are held or sold; ?force=true ends the event and forgets its line "
                       "and its orders");
  }
  exchange.thread.audit(exchange, action, event_id, "", "gone");
  fmt::format_to(std::back_inserter(answer.body()), R"({{"event_id":"{}","status":"withdrawn"}})", event_id);
  answer.send(exchange, 200);
}

}  // namespace tacos::gateway
