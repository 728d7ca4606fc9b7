#include "tacos-gateway/redis_store/redis_session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/compile.h>

#include "redis/redis_command.h"
#include "redis/redis_slots.h"
#include "tacos-gateway/random/secure_random.h"
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/redis_store/open_script.h"
#include "tacos-gateway/redis_store/script_call.h"
#include "tacos-gateway/store/poll_advice.h"

namespace tacos::gateway {
namespace {

using Kind = StoreCommand::Kind;
using std::chrono::microseconds;
using std::chrono::milliseconds;

std::array<char, 16> bytes_of(const UserKey& user) {
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>(user.high >> (56 - 8 * i));
    bytes[i + 8] = static_cast<char>(user.low >> (56 - 8 * i));
  }
  return bytes;
}

// As proves() of lua/prelude.lua reads it: 8 bytes, "epoch:number", whether the site vouches for the user.
void add_proofs(redis::RedisCommand& script, const StoreCommand& command) {
  std::array<char, 8> proof{};
  for (std::size_t i = 0; i < 8; ++i) proof[i] = static_cast<char>(command.proof >> (56 - 8 * i));
  fmt::memory_buffer shown;  // short enough for its own storage
  if (command.shown.number != 0 && command.shown.event == command.ref.event) {
    fmt::format_to(std::back_inserter(shown), FMT_COMPILE("{}:{}"), command.shown.epoch, command.shown.number);
  }
  script.arg(std::string_view(proof.data(), proof.size()));
  script.arg(std::string_view(shown.data(), shown.size())).arg(command.proven ? 1 : 0);
}

LineScript script_of(Kind kind) {
  switch (kind) {
    case Kind::kJoin:
      return LineScript::kJoin;
    case Kind::kStatus:
      return LineScript::kStatus;
    case Kind::kEnter:
      return LineScript::kEnter;
    case Kind::kLeave:
      return LineScript::kLeave;
    case Kind::kClaimGrant:
      return LineScript::kClaim;
    case Kind::kReleaseGrant:
    case Kind::kSpendGrant:
      return LineScript::kSettle;
    case Kind::kReportInventory:
      break;
  }
  return LineScript::kInventory;
}

// How often one command may find that it has to begin again, such as a ticket that the watermark has passed before it
// arrived.
constexpr unsigned kMostDetours = 8;

}  // namespace

RedisSession::RedisSession(RedisStoreParts& parts, boost::asio::any_io_executor executor) : parts_(parts) {
  // The keeper has opened a link with these very options, so that opening another does not fail.
  auto link = parts_.open_link(std::move(executor));
  if (link.has_error()) return;
  link_ = std::move(*link);
  parts_.enlist(*link_);
}

RedisSession::~RedisSession() {
  closing_ = true;
  if (!link_) return;
  parts_.strike_off(*link_);
  link_->close();
}

void RedisSession::submit(std::span<StoreCommand* const> batch) {
  answered_.clear();
  for (StoreCommand* command : batch) {
    if (command->kind == Kind::kJoin) command->ref.event = event_key(command->event_id);
    if (command->kind == Kind::kStatus && answered_by_mirror(*command)) {
      answered_.push_back(command);
    } else {
      Call& call = take_call();
      call.command = command;
      call.step = Step::kCommand;
      call.replaces = command->kind == Kind::kJoin ? command->replaces : 0;
      call.detours = 0;
      call.primary_asked = call.replica_asked = false;
      if (may_peek(*command) && is_out_of_touch(command->ref.event)) {
        send_peek(call);
      } else {
        send_command(call);
      }
    }
  }
  for (StoreCommand* command : answered_) command->done(*command);
}

bool RedisSession::answered_by_mirror(StoreCommand& command) {
  if (parts_.options.position != PositionStrategy::kWatermark) return false;
  const auto known = known_.find(command.ref.event);
  EventMirror* const mirror = known != known_.end() ? known->second : parts_.find(command.ref.event);
  if (mirror == nullptr) return false;
  switch (mirror->answer(command, parts_.clock.now())) {
    case EventMirror::Answer::kAskStore:
      return false;
    case EventMirror::Answer::kTooOld:
      command.outcome = StoreOutcome::kUnavailable;
      parts_.refusals.fetch_add(1, std::memory_order_relaxed);
      return true;
    case EventMirror::Answer::kStale:
      parts_.stale_answers.fetch_add(1, std::memory_order_relaxed);
      break;
    case EventMirror::Answer::kFresh:
      break;
  }
  parts_.mirror_answers.fetch_add(1, std::memory_order_relaxed);
  return true;
}

RedisSession::Call& RedisSession::take_call() {
  if (!free_.empty()) {
    Call& call = *free_.back();
    free_.pop_back();
    return call;
  }
  Call& call = calls_.emplace_back();
  call.session = this;
  call.request.owner = &call;
  call.request.done = &RedisSession::replied;
  free_.reserve(calls_.size());
  return call;
}

void RedisSession::send_command(Call& call) {
  StoreCommand& command = *call.command;
  if (!link_) return complete(call, StoreOutcome::kUnavailable);
  ScriptCall script(call.request, *parts_.scripts, script_of(command.kind), parts_.script_time());
  // Twice is as good as once: a user has one ticket, a question changes nothing, the newest report stands.
  call.request.idempotent =
      command.kind == Kind::kJoin || command.kind == Kind::kStatus || command.kind == Kind::kReportInventory;
  // What is told of a change to a ticket is not to be lost with a primary. A question and a report come again anyway.
  call.request.durable = command.kind != Kind::kStatus && command.kind != Kind::kReportInventory;
  switch (command.kind) {
    case Kind::kJoin: {
      const auto user = bytes_of(command.user);
      auto to = script.line(command.ref.event, 6)
                    .arg(std::string_view(user.data(), user.size()))
                    .arg(command.event_id)
                    .arg(call.replaces);
      add_proofs(to, command);
      break;
    }
    case Kind::kReportInventory: {
      const StoreCommand::Inventory& seats = command.inventory;
      script.line(command.ref.event, 4).arg(seats.free).arg(seats.held).arg(seats.sold).arg(seats.version);
      break;
    }
    default: {
      const bool settles = command.kind == Kind::kReleaseGrant || command.kind == Kind::kSpendGrant;
      const bool enters = command.kind == Kind::kEnter;
      const std::size_t arguments = settles || enters ? 3 : 2;
      const std::uint32_t buckets = buckets_of(command.ref.event);
      auto to = buckets == 1 || command.ref.number == 0
                    ? script.line(command.ref.event, arguments)
                    : script.bucket(command.ref.event, bucket_of(command.ref.number, buckets), arguments);
      to.arg(command.ref.number).arg(command.ref.epoch);
      if (settles) to.arg(command.kind == Kind::kSpendGrant ? "spend" : "release");
      if (enters) to.arg(buckets > 1 && sold_out(command.ref.event) ? 1 : 0);
      break;
    }
  }
  link_->submit(call.request);
}

void RedisSession::send_arrive(Call& call, TicketNumber number) {
  StoreCommand& command = *call.command;
  call.step = Step::kArrive;
  command.ref.number = number;
  const auto user = bytes_of(command.user);
  auto script = ScriptCall(call.request, *parts_.scripts, LineScript::kArrive, parts_.script_time())
                    .bucket(command.ref.event, bucket_of(number, spread_.buckets), kTermsOfLine + 5);
  add_terms(script, spread_);
  script.arg(number).arg(std::string_view(user.data(), user.size()));
  add_proofs(script, command);
  link_->submit(call.request);
}

// The event may not come into being.
void RedisSession::refuse_event(Call& call, StoreOutcome outcome) {
  auto& counter = outcome == StoreOutcome::kNotDeclared ? parts_.refused_undeclared : parts_.refused_full;
  counter.fetch_add(1, std::memory_order_relaxed);
  complete(call, outcome == StoreOutcome::kNotDeclared ? outcome : StoreOutcome::kOverloaded);
}

void RedisSession::send_register(Call& call) {
  call.step = Step::kRegister;
  const LineKey key = LineKey::of_event(call.command->ref.event);
  const std::string member = std::string(key.digits()).append(call.command->event_id);
  call.request.idempotent = true;
  ScriptCall(call.request, *parts_.scripts, LineScript::kRegister, parts_.script_time())
      .events(3)
      .arg(member)
      .arg(std::uint64_t{parts_.options.max_events})
      .arg(parts_.options.line.any_event ? 1 : 0);
  link_->submit(call.request);
}

void RedisSession::send_open(Call& call, const redis::RedisReply& registered) {
  call.step = Step::kOpen;
  write_open(call.request, parts_, call.command->event_id, registered);
  link_->submit(call.request);
}

void RedisSession::send_facts(Call& call) {
  call.step = Step::kFacts;
  const std::uint64_t event = call.command->ref.event;
  const EventMirror::Reading reading = mirror_of(event).reading();
  call.request.idempotent = true;
  ScriptCall(call.request, *parts_.scripts, LineScript::kFacts, parts_.script_time())
      .line(event, 2)
      .arg(reading.departures)
      .arg(reading.epoch);
  link_->submit(call.request);
}

void RedisSession::take_facts(Call& call, const redis::RedisReply& reply) {
  StoreCommand& command = *call.command;
  EventMirror& mirror = mirror_of(command.ref.event);
  if (!read_line_facts(reply, facts_)) return complete(call, StoreOutcome::kUnavailable);
  const bool more = mirror.take_facts(facts_, parts_.clock.now());
  const std::uint64_t position = mirror.place_of(command.ref.number);
  if (position == 0 || more) {
    if (!more && ++call.detours > kMostDetours) return complete(call, StoreOutcome::kUnavailable);
    return send_facts(call);
  }
  command.view.position = position;
  advise(command.view, command.ref.number,
         {static_cast<double>(facts_.rate_micro) / 1e6,
          microseconds(std::max<std::int64_t>(0, facts_.opens_us - facts_.now_us)), milliseconds(facts_.heartbeat_ms)});
  complete(call);
}

void RedisSession::replied(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure) {
  Call& call = *static_cast<Call*>(request.owner);
  RedisSession& session = *call.session;
  if (session.closing_) return;
  if (failure == redis::RedisFailure::kOverloaded) return session.complete(call, StoreOutcome::kOverloaded);
  if (failure != redis::RedisFailure::kNone || outcome_of(*reply) < 0) {
    if (call.step == Step::kCommand && !call.replica_asked && session.may_peek(*call.command)) {
      call.primary_asked = true;
      return session.send_peek(call);
    }
    if (call.step == Step::kPeek) return session.end_peek(call);
    return session.complete(call, StoreOutcome::kUnavailable);
  }
  session.on_reply(call, *reply);
}

void RedisSession::on_reply(Call& call, const redis::RedisReply& reply) {
  StoreCommand& command = *call.command;
  const std::int64_t outcome = outcome_of(reply);
  const bool refused = outcome != 0 && outcome != kNoEvent;
  if (outcome == kSpread) return on_spread(call, reply);
  switch (call.step) {
    case Step::kRegister:
      return refused ? refuse_event(call, static_cast<StoreOutcome>(outcome)) : send_open(call, reply);
    case Step::kOpen:
      if (refused) return refuse_event(call, static_cast<StoreOutcome>(outcome));
      call.step = Step::kJoinAgain;
      return send_command(call);
    case Step::kArrive:
      if (outcome != static_cast<std::int64_t>(StoreOutcome::kExpired)) break;
      if (++call.detours > kMostDetours) return complete(call, StoreOutcome::kUnavailable);
      call.replaces = command.ref.number;
      call.step = Step::kCommand;
      return send_command(call);
    case Step::kPeek:
      return take_peek(call, reply);
    case Step::kFacts:
      return outcome == 0 ? take_facts(call, reply) : complete(call, StoreOutcome::kUnavailable);
    default:
      break;
  }
  if (outcome == kNoEvent) {
    // Gone again between two steps: the Redis was emptied just now.
    if (call.step == Step::kJoinAgain) return complete(call, StoreOutcome::kUnavailable);
    return send_register(call);
  }
  command.outcome = static_cast<StoreOutcome>(outcome);
  if (command.kind == Kind::kReportInventory) {
    if (number_at(reply, 1) == 1) mirror_of(command.ref.event).learn_sold_out();
  } else {
    if (take_ticket(command, reply)) return send_facts(call);
  }
  complete(call);
}

void RedisSession::on_spread(Call& call, const redis::RedisReply& reply) {
  StoreCommand& command = *call.command;
  const TicketNumber number = read_spread_reply(reply, spread_);
  if (command.kind != Kind::kJoin && command.ref.number == 0) return complete(call, StoreOutcome::kNotFound);
  if (number == 0 || ++call.detours > kMostDetours) return complete(call, StoreOutcome::kUnavailable);
  mirror_of(command.ref.event).learn_spread(spread_);
  if (command.kind == Kind::kJoin) {
    send_arrive(call, number);
  } else {
    send_command(call);  // this gateway had not met the event: now it knows the bucket
  }
}

bool RedisSession::take_ticket(StoreCommand& command, const redis::RedisReply& reply) {
  const TicketReply ticket = read_ticket_reply(reply);
  if (!ticket.whole) {
    // The end of a claim tells no ticket; any other "yes" without one can't be understood.
    command.view = TicketView{};
    if (command.outcome == StoreOutcome::kInLine) {
      command.view.reserved = number_at(reply, 1) == 1;
      command.ref.number = number_at(reply, 2);
      command.ref.epoch = static_cast<std::uint32_t>(number_at(reply, 3));
    }
    const bool settled = command.kind == Kind::kReleaseGrant || command.kind == Kind::kSpendGrant;
    if (command.outcome == StoreOutcome::kOk && !settled) {
      command.outcome = StoreOutcome::kUnavailable;
      parts_.refusals.fetch_add(1, std::memory_order_relaxed);
    }
    return false;
  }
  command.ref.epoch = ticket.epoch;
  command.ref.number = ticket.number;
  const std::uint64_t position = mirror_of(command.ref.event).learn(ticket, parts_.clock.now());
  if (command.kind == Kind::kEnter || command.kind == Kind::kClaimGrant) command.user = ticket.user;
  if (command.kind == Kind::kEnter) command.grant_expires_unix_ms = ticket.grant_expires_unix_ms;
  if (command.kind == Kind::kClaimGrant) return false;
  TicketView& view = command.view;
  view = TicketView{};
  view.status = ticket.status;
  view.reserved = ticket.reserved;
  // A bucket hears of it at its next tick, this gateway may have before.
  if ((view.status == TicketStatus::kWaiting || view.status == TicketStatus::kReady) && sold_out(command.ref.event)) {
    view.status = TicketStatus::kSoldOut;
  }
  view.waited = milliseconds(ticket.waited_ms);
  if (view.status == TicketStatus::kWaiting) {
    const bool mirrored = parts_.options.position == PositionStrategy::kWatermark;
    if (mirrored && position == 0) return true;
    view.position = mirrored ? position : ticket.position;
  }
  advise(view, ticket.number,
         {static_cast<double>(ticket.rate_micro) / 1e6, microseconds(ticket.until_open_us),
          milliseconds(ticket.heartbeat_ms)});
  return false;
}

void RedisSession::complete(Call& call, StoreOutcome outcome) {
  call.command->outcome = outcome;
  if (outcome == StoreOutcome::kUnavailable) parts_.refusals.fetch_add(1, std::memory_order_relaxed);
  complete(call);
}

void RedisSession::complete(Call& call) {
  StoreCommand& command = *call.command;
  call.command = nullptr;
  free_.push_back(&call);
  command.done(command);
}

EventMirror& RedisSession::mirror_of(std::uint64_t event) {
  auto& known = known_[event];
  if (known == nullptr) known = &parts_.find_or_make(event);
  return *known;
}

bool RedisSession::sold_out(std::uint64_t event) const {
  const auto known = known_.find(event);
  return known != known_.end() && known->second->sold_out();
}

std::uint32_t RedisSession::buckets_of(std::uint64_t event) const {
  const auto known = known_.find(event);
  const EventMirror* const mirror = known != known_.end() ? known->second : parts_.find(event);
  return mirror == nullptr ? 1 : mirror->buckets();
}

}  // namespace tacos::gateway
