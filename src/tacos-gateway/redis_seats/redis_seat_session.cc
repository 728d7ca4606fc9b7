#include "tacos-gateway/redis_seats/redis_seat_session.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/post.hpp>

#include "tacos-gateway/random/secure_random.h"
#include "tacos-gateway/redis_store/line_reply.h"

namespace tacos::gateway {
namespace {

using Kind = SeatCommand::Kind;
using std::chrono::milliseconds;

// A claim of an idempotency key lapses when its gateway can no longer be at work: after the time of several commands,
// each answered at the last moment.
constexpr int kCommandsOfARequest = 6;
constexpr core::Nanos kShortestClaim = std::chrono::seconds(5);

using ClaimText = std::array<char, 16>;

ClaimText text_of(std::uint64_t claim_id) {
  const LineKey digits = LineKey::of_event(claim_id);
  ClaimText text{};
  const std::string_view hex = digits.digits();
  std::copy(hex.begin(), hex.end(), text.begin());
  return text;
}

std::string_view view(const ClaimText& text) {
  return {text.data(), text.size()};
}

void read_claim(const redis::RedisReply& reply, KeyClaim& key) {
  switch (outcome_of(reply)) {
    case 0:
      key.claim = Claim::kFresh;
      break;
    case 1:
      key.claim = Claim::kInFlight;
      break;
    case 2:
      key.claim = Claim::kReplay;
      break;
    case 4:
      key.claim = Claim::kTooMany;
      key.retry_after = milliseconds(std::min(number_at(reply, 1), kMostMs));
      return;
    default:
      key.claim = Claim::kConflict;
      break;
  }
  key.resumed = number_at(reply, 1) == 1;
  key.status = static_cast<int>(std::min<std::uint64_t>(number_at(reply, 2), 999));
  key.answer = reply.at(3).text();
}

PaymentStatus status_of(std::string_view letter) {
  return letter == "a"   ? PaymentStatus::kApproved
         : letter == "f" ? PaymentStatus::kFailed
         : letter == "c" ? PaymentStatus::kCreated
                         : PaymentStatus::kNone;
}

// Or none, when it is not one that the scripts of seats tell.
std::optional<SeatOutcome> seat_outcome_of(const redis::RedisReply& reply) {
  const std::int64_t outcome = reply.is_array() ? reply.at(0).as_integer().value_or(-1) : -1;
  if (outcome < 0 || outcome > static_cast<std::int64_t>(SeatOutcome::kTooManyIntents)) return std::nullopt;
  return static_cast<SeatOutcome>(outcome);
}

// As told() of lua/seat_prelude.lua has it; whether the event is sold out.
bool read_reservation(const redis::RedisReply& reply, const TicketRef& owner, Reservation& to) {
  to.reservation_id = reply.at(1).text();
  to.order_id = reply.at(2).text();
  to.hold_expires_unix_ms = reply.at(3).as_integer().value_or(0);
  to.event = owner.event;
  to.inventory = {number_at(reply, 4), number_at(reply, 5), number_at(reply, 6), 0};
  to.amount = number_at(reply, 8);
  to.currency = reply.at(9).text();
  to.payment = status_of(reply.at(10).text());
  to.seats.clear();
  for (std::size_t i = 11; i < reply.elements().size(); ++i) {
    to.seats.push_back(static_cast<std::uint32_t>(number_at(reply, i)));
  }
  return number_at(reply, 7) == 1;
}

// As told_payment() has it.
void read_payment(const redis::RedisReply& reply, SeatCommand& to) {
  if (reply.elements().size() < 2) return;
  to.intent.id = reply.at(1).text();
  to.intent.amount = number_at(reply, 2);
  to.intent.currency = reply.at(3).text();
  to.intent.status = status_of(reply.at(4).text());
  to.reservation.amount = number_at(reply, 5);
  to.reservation.currency = reply.at(6).text();
  to.reservation.payment = to.intent.status;
  to.retry_after = milliseconds(std::min(number_at(reply, 7), kMostMs));
}

}  // namespace

RedisSeatSession::RedisSeatSession(RedisStoreParts& parts, const RedisSeatOptions& options,
                                   const std::shared_ptr<const redis::ScriptBook>& scripts,
                                   boost::asio::any_io_executor executor)
    : parts_(parts),
      options_(options),
      scripts_(scripts),
      executor_(std::move(executor)),
      random_(SecureRandom::of_this_thread().next()) {
  // The line's keeper has opened a link with these very options, so that opening another does not fail.
  auto link = parts_.open_link(executor_, scripts_);
  if (link.has_error()) return;
  link_ = std::move(*link);
  parts_.enlist(*link_);
  sweep_.emplace(parts_, options_, (*scripts_)[static_cast<std::size_t>(SeatScript::kLapse)], *link_);
}

RedisSeatSession::~RedisSeatSession() {
  closing_ = true;
  if (!link_) return;
  parts_.strike_off(*link_);
  link_->close();
}

RedisSeatSession::Call& RedisSeatSession::take_call(SeatCommand* command) {
  if (free_.empty()) {
    Call& made = calls_.emplace_back();
    made.session = this;
    made.request.owner = &made;
    made.request.done = &RedisSeatSession::replied;
    made.request.idempotent = true;
    made.request.durable = true;  // what is answered is on the replicas that were asked for
    free_.reserve(calls_.size());
    free_.push_back(&made);
  }
  Call& call = *free_.back();
  free_.pop_back();
  call.command = command;
  return call;
}

void RedisSeatSession::submit(SeatCommand& command) {
  command.outcome = SeatOutcome::kUnavailable;
  command.report_inventory = false;
  if (!link_) return command.done(command);
  Call& call = take_call(&command);
  write(call);
  link_->submit(call.request);
}

void RedisSeatSession::suspend(const KeyClaim& key) {
  if (!link_) return;
  Call& call = take_call(nullptr);
  settle_script(call, key, "suspend", 0);
  link_->submit(call.request);
}

std::vector<SeatChange> RedisSeatSession::sweep() {
  if (sweep_) sweep_->run();
  return {};
}

redis::RedisCommand RedisSeatSession::script(Call& call, SeatScript script, std::string_view key,
                                             std::size_t arguments) {
  return begin_script(call.request, (*scripts_)[static_cast<std::size_t>(script)], key, parts_.script_time(),
                      arguments);
}

redis::RedisCommand RedisSeatSession::seat_script(Call& call, SeatScript name, std::size_t arguments) {
  const TicketRef& owner = call.command->owner;
  redis::RedisCommand command = script(call, name, LineKey::of_event(owner.event).text(), 2 + arguments);
  command.arg(owner.number).arg(owner.epoch);
  return command;
}

redis::RedisCommand RedisSeatSession::settle_script(Call& call, const KeyClaim& key, const char* how,
                                                    std::size_t arguments) {
  const ClientKey place = client_key(key.owner);
  redis::RedisCommand command = script(call, SeatScript::kKeySettle, {place.data(), place.size()}, 3 + arguments);
  command.arg(view(hex_hash(key.scoped_key))).arg(view(text_of(key.id))).arg(how);
  return command;
}

void RedisSeatSession::write(Call& call) {
  SeatCommand& command = *call.command;
  switch (command.kind) {
    case Kind::kClaimKey:
      return write_claim(call);
    case Kind::kFinishKey:
      settle_script(call, command.key, "finish", 3)
          .arg(options_.key_ttl / milliseconds(1))
          .arg(command.key.status)
          .arg(command.key.answer);
      return;
    case Kind::kAbandonKey:
      settle_script(call, command.key, "abandon", 0);
      return;
    case Kind::kHold:
      return write_hold(call);
    case Kind::kConfirm:
      seat_script(call, SeatScript::kConfirm, 3)
          .arg(command.reservation_id)
          .arg(command.intent.id)
          .arg(random_id("ord_"));
      return;
    case Kind::kCancel:
      seat_script(call, SeatScript::kCancel, 1).arg(command.reservation_id);
      return;
    case Kind::kMakeIntent:
      return write_intent(call);
    case Kind::kPay:
      seat_script(call, SeatScript::kPay, 2).arg(command.intent.id).arg(command.approve ? "a" : "f");
      return;
    case Kind::kFindOfTicket:
      seat_script(call, SeatScript::kFind, 0);
      return;
  }
}

void RedisSeatSession::write_claim(Call& call) {
  KeyClaim& key = call.command->key;
  key.id = random_.next();
  const ClientKey place = client_key(key.owner);
  const HexHash body = hex_hash(key.body);
  const core::Nanos life = std::max(kShortestClaim, parts_.options.command_timeout * kCommandsOfARequest);
  script(call, SeatScript::kKeyClaim, {place.data(), place.size()}, 7)
      .arg(view(hex_hash(key.scoped_key)))
      .arg(view(text_of(key.id)))
      .arg(view(body))
      .arg(life / milliseconds(1))
      .arg(options_.key_ttl / milliseconds(1))
      .arg(options_.limits.keys_for(key))
      .arg(options_.limits.keys_for(key) * SeatLimits::kClaimsPerKey);
}

void RedisSeatSession::write_intent(Call& call) {
  SeatCommand& command = *call.command;
  seat_script(call, SeatScript::kIntent, 5)
      .arg(command.reservation_id)
      .arg(random_id("pay_"))
      .arg(command.intent.amount)
      .arg(command.intent.currency)
      .arg(options_.limits.intents_per_reservation);
}

void RedisSeatSession::write_hold(Call& call) {
  const SeatCommand& wish = *call.command;
  redis::RedisCommand command = seat_script(call, SeatScript::kHold, 5 + wish.wanted.size());
  command.arg(wish.attempt)
      .arg(wish.replay_only ? "replay" : "new")
      .arg(random_id("res_"))
      .arg(options_.hold_ttl / milliseconds(1))
      .arg(wish.quantity);
  for (const std::uint32_t seat : wish.wanted) command.arg(seat);
}

void RedisSeatSession::replied(redis::RedisRequest& request, const redis::RedisReply* reply,
                               redis::RedisFailure failure) {
  Call& call = *static_cast<Call*>(request.owner);
  RedisSeatSession& session = *call.session;
  if (session.closing_) return;
  if (failure == redis::RedisFailure::kOverloaded) return session.refused(call);
  if (call.command == nullptr) return session.complete(call);
  if (failure == redis::RedisFailure::kNone) session.read(call, *reply);
  if (call.command->outcome == SeatOutcome::kUnavailable) {
    session.parts_.refusals.fetch_add(1, std::memory_order_relaxed);
  }
  session.complete(call);
}

// Leaves a command unavailable whose answer is none of the scripts' own.
void RedisSeatSession::read(Call& call, const redis::RedisReply& reply) {
  SeatCommand& command = *call.command;
  const std::optional<SeatOutcome> outcome = seat_outcome_of(reply);
  if (!outcome) return;
  command.outcome = *outcome;
  switch (command.kind) {
    case Kind::kClaimKey:
      read_claim(reply, command.key);
      [[fallthrough]];
    case Kind::kFinishKey:
    case Kind::kAbandonKey:
      command.outcome = SeatOutcome::kOk;
      break;
    case Kind::kMakeIntent:
    case Kind::kPay:
      read_payment(reply, command);
      break;
    default:
      command.reservation.outcome = command.outcome;
      if (read_reservation(reply, command.owner, command.reservation)) {
        parts_.find_or_make(command.owner.event).learn_sold_out();
      }
      break;
  }
}

// Said inside submit(), where the link takes nothing more.
void RedisSeatSession::refused(Call& call) {
  if (call.command != nullptr) call.command->outcome = SeatOutcome::kOverloaded;
  boost::asio::post(executor_, [this, &call, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) complete(call);
  });
}

void RedisSeatSession::complete(Call& call) {
  SeatCommand* const command = std::exchange(call.command, nullptr);
  free_.push_back(&call);
  if (command != nullptr) command->done(*command);
}

}  // namespace tacos::gateway
