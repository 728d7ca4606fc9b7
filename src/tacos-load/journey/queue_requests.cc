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
constexpr std::uint32_t kPricePerSeat = 100;

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
      const std::uint64_t number = std::uint64_t{id} * share_.workers + share_.worker;
      fmt::format_to(body, R"({{"event_id":"{}","user_id":"u{}-{}"}})", plan_.event_id, share_.seed, number);
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
      fmt::format_to(body, R"(","amount":{},"currency":"USD"}})", kPricePerSeat * plan_.seats_per_user);
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
