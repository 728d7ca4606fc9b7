#include "tacos-gateway/http/queue_routes.h"

#include <algorithm>
#include <chrono>

#include <fmt/compile.h>

#include "tacos-gateway/http/join_gate.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxKeyBytes = 255;
// A user who has lost both token and key waits until the ticket has lapsed.
constexpr core::Nanos kPollOfNameInLine = std::chrono::seconds(20);

std::string_view text_of(TicketStatus status) {
  switch (status) {
    case TicketStatus::kWaiting:
      return "waiting";
    case TicketStatus::kReady:
      return "ready";
    case TicketStatus::kEntered:
      return "entered";
    case TicketStatus::kSoldOut:
      return "sold_out";
    case TicketStatus::kLeft:
    case TicketStatus::kExpired:
      break;
  }
  return "expired";
}

}  // namespace

void QueueRoutes::handle(ApiExchange& exchange) {
  switch (exchange.route) {
    case Route::kJoin:
      return join(exchange);
    case Route::kStatus:
      return ask_about_ticket(exchange, StoreCommand::Kind::kStatus,
                              thread_.percent_decoded(exchange.request().query_value("token")));
    case Route::kLeave:
      return ask_about_ticket(exchange, StoreCommand::Kind::kLeave,
                              thread_.percent_decoded(exchange.request().query_value("token")));
    default:
      break;
  }
  if (!thread_.read_body(exchange)) return;
  std::string_view token;
  if (thread_.json().get_text("waiting_token", token) == JsonBody::Found::kWrongType) {
    thread_.answer().begin();
    return thread_.answer().fail(exchange, ApiError::kInvalidArgument, "waiting_token must be a string",
                                 {.field = "waiting_token"});
  }
  ask_about_ticket(exchange, StoreCommand::Kind::kEnter, token);
}

void QueueRoutes::join(ApiExchange& exchange) {
  if (!thread_.read_body(exchange)) return;
  AnswerWriter& answer = thread_.answer();
  answer.begin();
  std::string_view event_id;
  const auto found = thread_.json().get_text("event_id", event_id);
  if (found == JsonBody::Found::kAbsent || (found == JsonBody::Found::kYes && event_id.empty())) {
    return answer.fail(exchange, ApiError::kMissingEventId, "event_id says which line to join");
  }
  if (found == JsonBody::Found::kWrongType || !is_event_id(event_id)) {
    return answer.fail(exchange, ApiError::kInvalidArgument,
                       "event_id must be a string of 1 to 64 letters, digits, '.', '_', ':' or '-'",
                       {.field = "event_id"});
  }
  std::int64_t requested_at_ms = 0;
  const auto requested = thread_.json().get_integer("requested_at_ms", requested_at_ms);
  if (requested == JsonBody::Found::kWrongType || requested_at_ms < 0) {
    return answer.fail(exchange, ApiError::kInvalidArgument, "requested_at_ms must be milliseconds since 1970",
                       {.field = "requested_at_ms"});
  }
  if (!JoinGate(thread_).let_in(exchange, event_id)) return;
  exchange.event_id.assign(event_id);
  if (!take_proofs(exchange)) return;
  exchange.command.event_id = exchange.event_id;
  exchange.command.requested_at_unix_ms.reset();
  if (requested == JsonBody::Found::kYes) exchange.command.requested_at_unix_ms = requested_at_ms;
  ask(exchange, StoreCommand::Kind::kJoin);
}

// What proves that a repeated join is its user's: the key of the first, or the ticket's token.
bool QueueRoutes::take_proofs(ApiExchange& exchange) {
  StoreCommand& command = exchange.command;
  command.replaces = 0;
  command.proof = 0;
  command.shown = TicketRef{};
  const net::HttpRequest& request = exchange.request();
  const std::string_view key = request.header("Idempotency-Key");
  if (key.size() > kMaxKeyBytes) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "an Idempotency-Key has 255 bytes at most",
                          {.field = "Idempotency-Key"});
    return false;
  }
  if (!key.empty()) command.proof = thread_.signer().join_proof(event_key(exchange.event_id), command.user, key);
  std::string_view token;
  if (thread_.json().get_text("waiting_token", token) == JsonBody::Found::kWrongType) {
    thread_.answer().fail(exchange, ApiError::kInvalidArgument, "waiting_token must be a string",
                          {.field = "waiting_token"});
    return false;
  }
  if (token.empty()) token = ApiThread::bearer_of(request);
  if (const auto shown = thread_.signer().verify_waiting(token)) command.shown = *shown;
  return true;
}

void QueueRoutes::ask_about_ticket(ApiExchange& exchange, StoreCommand::Kind kind, std::string_view token) {
  AnswerWriter& answer = thread_.answer();
  answer.begin();
  if (token.empty()) token = ApiThread::bearer_of(exchange.request());
  if (token.empty()) {
    return answer.fail(exchange, ApiError::kMissingToken,
                       kind == StoreCommand::Kind::kEnter
                           ? "waiting_token is the one that join returned; Authorization: Bearer takes it too"
                           : "?token= is the waiting_token that join returned; Authorization: Bearer takes it too");
  }
  const auto ref = thread_.signer().verify_waiting(token);
  if (!ref) {
    return answer.fail(exchange, ApiError::kTokenNotFound, "this is no waiting_token of this gateway; join again");
  }
  exchange.command.ref = *ref;
  ask(exchange, kind);
}

void QueueRoutes::ask(ApiExchange& exchange, StoreCommand::Kind kind) {
  exchange.command.kind = kind;
  if (kind != StoreCommand::Kind::kJoin) exchange.command.replaces = 0;
  exchange.command.owner = &exchange;
  exchange.command.done = &QueueRoutes::answered;
  thread_.ask_store(exchange.command);
}

void QueueRoutes::answered(StoreCommand& command) {
  ApiExchange& exchange = *static_cast<ApiExchange*>(command.owner);
  QueueRoutes routes(exchange.thread);
  // The line knows that a reservation was made, the seats whether it still stands.
  if (command.view.reserved && command.replaces == 0) return routes.ask_about_reservation(exchange);
  routes.answer(exchange);
}

void QueueRoutes::answer(ApiExchange& exchange) {
  thread_.answer().begin();
  switch (exchange.command.kind) {
    case StoreCommand::Kind::kJoin:
      return answer_join(exchange);
    case StoreCommand::Kind::kStatus:
      return answer_status(exchange);
    case StoreCommand::Kind::kEnter:
      return answer_enter(exchange);
    default:
      return answer_leave(exchange);
  }
}

// Seconds with one decimal. Waits are rounded up, so that none is told shorter than it is; what a user has left is
// rounded down.
void QueueRoutes::write_tenths(core::Nanos duration, Rounding rounding) {
  constexpr std::int64_t kTenth = 100'000'000;
  const std::int64_t tenths = (duration.count() + (rounding == Rounding::kUp ? kTenth - 1 : 0)) / kTenth;
  fmt::format_to(std::back_inserter(thread_.answer().body()), FMT_COMPILE("{}.{}"), tenths / 10, tenths % 10);
}

void QueueRoutes::ask_about_reservation(ApiExchange& exchange) {
  SeatCommand& asked = exchange.purchase().work;
  asked.kind = SeatCommand::Kind::kFindOfTicket;
  asked.owner = exchange.command.ref;
  asked.context = &exchange;
  asked.done = &QueueRoutes::told_of_reservation;
  thread_.seats().submit(asked);
}

// One that was cancelled, or whose hold has lapsed, is not in the way: its user starts again at the end, and to all
// other questions the ticket has expired.
void QueueRoutes::told_of_reservation(SeatCommand& asked) {
  ApiExchange& exchange = *static_cast<ApiExchange*>(asked.context);
  QueueRoutes routes(exchange.thread);
  StoreCommand& command = exchange.command;
  switch (asked.outcome) {
    case SeatOutcome::kLapsed:
    case SeatOutcome::kNotFound:
      if (command.kind == StoreCommand::Kind::kJoin) {
        command.replaces = command.ref.number;
        return routes.ask(exchange, StoreCommand::Kind::kJoin);
      }
      command.view.status = TicketStatus::kExpired;
      if (command.kind == StoreCommand::Kind::kEnter) command.outcome = StoreOutcome::kExpired;
      if (command.kind == StoreCommand::Kind::kLeave) command.outcome = StoreOutcome::kOk;
      return routes.answer(exchange);
    case SeatOutcome::kUnavailable:
    case SeatOutcome::kOverloaded:
      exchange.thread.answer().begin();
      return fail_for(exchange, asked.outcome == SeatOutcome::kUnavailable ? StoreOutcome::kUnavailable
                                                                           : StoreOutcome::kOverloaded);
    default:
      return routes.answer(exchange);
  }
}

void QueueRoutes::answer_join(ApiExchange& exchange) {
  const StoreCommand& command = exchange.command;
  if (command.outcome == StoreOutcome::kInLine && command.view.reserved) {
    return thread_.answer().fail(exchange, ApiError::kAlreadyInLine,
                                 "this user has a reservation or has bought: go on with the waiting_token and the "
                                 "reservation_token of that, or repeat the first join with its Idempotency-Key");
  }
  if (command.outcome != StoreOutcome::kOk) return fail_for(exchange, command.outcome);
  if (command.view.status == TicketStatus::kSoldOut) return fail_for(exchange, StoreOutcome::kSoldOut);
  TicketSigner::WaitingText token;
  thread_.signer().sign_waiting(command.ref, token);
  AnswerWriter& answer = thread_.answer();
  const auto out = std::back_inserter(answer.body());
  fmt::format_to(out, FMT_COMPILE(R"({{"waiting_token":"{}","position":{},"status":"{}","eta_sec":)"),
                 std::string_view(token.data(), token.size()), command.view.position, text_of(command.view.status));
  write_tenths(command.view.eta, Rounding::kUp);
  fmt::format_to(out, FMT_COMPILE(R"(,"poll_after_ms":{}}})"), command.view.poll_after / milliseconds(1));
  answer.send(exchange, 202);
}

void QueueRoutes::answer_status(ApiExchange& exchange) {
  const StoreCommand& command = exchange.command;
  if (command.outcome != StoreOutcome::kOk) return fail_for(exchange, command.outcome);
  const TicketView& view = command.view;
  if (view.status == TicketStatus::kLeft) {
    return thread_.answer().fail(exchange, ApiError::kTokenExpired, "this user has left the line; join again");
  }
  AnswerWriter& answer = thread_.answer();
  const auto out = std::back_inserter(answer.body());
  fmt::format_to(out, FMT_COMPILE(R"({{"status":"{}","position":{},"eta_sec":)"), text_of(view.status), view.position);
  write_tenths(view.eta, Rounding::kUp);
  fmt::format_to(out, FMT_COMPILE(R"(,"waiting_time_sec":)"));
  write_tenths(view.waited, Rounding::kDown);
  fmt::format_to(out, FMT_COMPILE(R"(,"ready_for_entry":{},"poll_after_ms":{})"),
                 view.status == TicketStatus::kReady ? "true" : "false", view.poll_after / milliseconds(1));
  answer.body().append(std::string_view(view.stale ? R"(,"stale":true})" : "}"));
  answer.send(exchange, 200);
}

void QueueRoutes::answer_enter(ApiExchange& exchange) {
  const StoreCommand& command = exchange.command;
  if (command.outcome != StoreOutcome::kOk) return fail_for(exchange, command.outcome);
  TicketSigner::GrantText grant;
  thread_.signer().sign_grant({command.ref, command.user, command.grant_expires_unix_ms}, grant);
  const std::int64_t ttl_ms =
      std::max<std::int64_t>(0, command.grant_expires_unix_ms - thread_.services().unix_ms_now());
  AnswerWriter& answer = thread_.answer();
  fmt::format_to(std::back_inserter(answer.body()),
                 FMT_COMPILE(R"({{"admission":"granted","reservation_token":"{}","ttl_sec":)"),
                 std::string_view(grant.data(), grant.size()));
  write_tenths(milliseconds(ttl_ms), Rounding::kDown);
  answer.body().push_back('}');
  answer.send(exchange, 200);
}

void QueueRoutes::answer_leave(ApiExchange& exchange) {
  const StoreOutcome outcome = exchange.command.outcome;
  if (outcome == StoreOutcome::kSpent) {
    return thread_.answer().fail(exchange, ApiError::kForbidden,
                                 "this ticket has become a reservation: cancel that instead of leaving");
  }
  if (outcome != StoreOutcome::kOk) return fail_for(exchange, outcome);
  thread_.answer().body().append(std::string_view(R"({"status":"left"})"));
  thread_.answer().send(exchange, 200);
}

void fail_for(ApiExchange& exchange, StoreOutcome outcome) {
  AnswerWriter& answer = exchange.thread.answer();
  const TicketView& view = exchange.command.view;
  switch (outcome) {
    case StoreOutcome::kNotFound:
      return answer.fail(exchange, ApiError::kTokenNotFound,
                         "no ticket belongs to this token (the line may have restarted); join again");
    case StoreOutcome::kNotDeclared:
      return answer.fail(exchange, ApiError::kEventNotFound, "there is no event of this name", {.field = "event_id"});
    case StoreOutcome::kInLine:
      return answer.fail(exchange, ApiError::kAlreadyInLine,
                         "this user is in line: go on with the waiting_token of the first join, or repeat that join "
                         "with its Idempotency-Key",
                         {.field = {}, .poll_after = kPollOfNameInLine});
    case StoreOutcome::kNotReady:
      return answer.fail(exchange, ApiError::kNotReady, "it is not this user's turn yet",
                         {.field = {}, .position = view.position, .poll_after = view.poll_after});
    case StoreOutcome::kExpired:
      return answer.fail(exchange, ApiError::kTokenExpired, "the turn or the grant has lapsed; join again");
    case StoreOutcome::kSoldOut:
      return answer.fail(exchange, ApiError::kSoldOut, "every seat of this event is sold");
    case StoreOutcome::kClosed:
      return answer.fail(exchange, ApiError::kForbidden, "this event takes nobody new");
    case StoreOutcome::kSpent:
      return answer.fail(exchange, ApiError::kForbidden, "this grant has made its reservation already");
    case StoreOutcome::kInFlight:
      return answer.fail(exchange, ApiError::kIdempotencyInFlight,
                         "another request is using this grant at this moment");
    case StoreOutcome::kOverloaded:
      return answer.fail(
          exchange, ApiError::kOverloaded,
          "the line is as long as it may be, as many events as may be are under way, or the store has too much to do");
    case StoreOutcome::kOk:
    case StoreOutcome::kUnavailable:
      break;
  }
  answer.fail(exchange, ApiError::kStoreUnavailable, "the line can't be reached at the moment");
}

}  // namespace tacos::gateway
