// How a queue journey words its requests (the contract's API).
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "tacos-load/journey/queue_journey.h"

namespace tacos::load {
namespace {

using core::Nanos;
using measure::StepId;

const std::array<std::string, 8> kSteps{"join",       "status",      "enter",   "reserve",
                                        "pay_intent", "pay_process", "confirm", "leave"};
// Of a target whose reservations do not tell what they cost.
constexpr std::uint32_t kPricePerSeat = 100;
constexpr std::string_view kCurrency = "USD";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::span<const std::string> QueueJourney::steps() const {
  return kSteps;
}

// Percent-encoded (RFC 3986, 2.1): what a server calls a token is a stranger's text.
void QueueJourney::append_to_target(std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      target_ += c;
    } else {
      fmt::format_to(std::back_inserter(target_), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

// Escaped as the inside of a JSON string.
void QueueJourney::append_to_body(std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      body_ += '\\';
      body_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(body_), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      body_ += c;
    }
  }
}

StepId QueueJourney::prepare(UserId id, Nanos intended, Request& request) {
  User& user = users_[id];
  request = Request{};
  target_.assign(plan_.api_prefix);
  body_.clear();
  auto body = std::back_inserter(body_);
  request.method = Method::kPost;
  switch (user.step) {
    case kJoin: {
      if (user.joined_ns < 0) user.joined_ns = intended.count();
      target_ += "/queue/join";
      fmt::format_to(body, R"({{"event_id":"{}","user_id":"u{}-{}"}})", plan_.event_id, share_.seed, number_of(id));
      // A join whose answer is lost is repeated by the same user, who gets the same ticket for it.
      key_.clear();
      fmt::format_to(std::back_inserter(key_), "{}-{}-join", share_.seed, number_of(id));
      request.idempotency_key = key_;
      break;
    }
    case kStatus:
      request.method = Method::kGet;
      target_ += "/queue/status?token=";
      append_to_target(tokens_.get(user.token));
      ++counts_.polls;
      break;
    case kEnter:
      target_ += "/queue/enter";
      body_ += R"({"waiting_token":")";
      append_to_body(tokens_.get(user.token));
      body_ += R"("})";
      break;
    case kLeave:
      request.method = Method::kDelete;
      target_ += "/queue/leave?token=";
      append_to_target(tokens_.get(user.token));
      break;
    default:
      word_checkout(user, id, request);
      break;
  }
  request.target = target_;
  request.body = body_;
  return user.step;
}

void QueueJourney::describe_request(UserId id, StepId step, HistoryLine& line) const {
  const User& user = users_[id];
  line.user = number_of(id);
  line.step = kSteps[step];
  line.ticket = tokens_.get(user.token);
  if (user.checkout == 0 || step < kReserve || step > kConfirm) return;
  const Checkout& checkout = checkouts_[user.checkout - 1];
  line.grant = checkout.grant;
  if (step >= kPayIntent) line.reservation = checkout.reservation_id;
  if (step >= kPay) line.payment = checkout.payment_intent_id;
}

void QueueJourney::describe_answer(HistoryLine& line) const {
  if (!answer_) return;
  const auto given = [](std::string_view& name, std::string_view text) {
    if (!text.empty()) name = text;
  };
  given(line.ticket, answer_->waiting_token);
  given(line.grant, answer_->reservation_token);
  given(line.reservation, answer_->reservation_id);
  given(line.payment, answer_->payment_intent_id);
  line.error = answer_->error_code;
  line.state = answer_->status;
  line.position = answer_->position;
  line.poll_after_ms = answer_->poll_after_ms;
  line.ready = answer_->ready_for_entry;
  line.stale = answer_->stale;
  line.seat_ids = answer_->seat_ids;
  line.order = answer_->order_id;
}

void QueueJourney::word_checkout(const User& user, UserId id, Request& request) {
  const Checkout& checkout = checkouts_[user.checkout - 1];
  auto body = std::back_inserter(body_);
  switch (user.step) {
    case kReserve:
      target_ += "/reservations";
      fmt::format_to(body, R"({{"event_id":"{}","quantity":{}}})", plan_.event_id, plan_.seats_per_user);
      break;
    case kPayIntent:
      target_ += "/payment/intent";
      body_ += R"({"reservation_id":")";
      append_to_body(checkout.reservation_id);
      fmt::format_to(body, R"(","amount":{},"currency":")",
                     checkout.amount.value_or(std::uint64_t{kPricePerSeat} * plan_.seats_per_user));
      append_to_body(checkout.amount ? std::string_view(checkout.currency) : kCurrency);
      body_ += R"("})";
      break;
    case kPay: {
      target_ += "/payment/process";
      const bool refused = core::Random::uniform_at(share_.seed ^ share_.worker, id) < plan_.payment_failures;
      body_ += R"({"payment_intent_id":")";
      append_to_body(checkout.payment_intent_id);
      fmt::format_to(body, R"(","action":"{}"}})", refused ? "fail" : "approve");
      break;
    }
    default:
      target_ += "/reservations/";
      append_to_target(checkout.reservation_id);
      target_ += "/confirm";
      body_ += R"({"payment_intent_id":")";
      append_to_body(checkout.payment_intent_id);
      body_ += R"("})";
      break;
  }
  key_.clear();
  fmt::format_to(std::back_inserter(key_), "{}-{}-{}-{}", share_.seed, share_.worker, id, kSteps[user.step]);
  request.bearer = checkout.grant;
  request.idempotency_key = key_;
}

}  // namespace tacos::load
