// Statuses while a primary is away: of tickets that this gateway has not met, a replica knows how they stood.
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/redis_store/redis_session.h"
#include "tacos-gateway/redis_store/script_call.h"
#include "tacos-gateway/store/poll_advice.h"

namespace tacos::gateway {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Only by watermark: a replica's index may lag, and a position must not rise.
bool RedisSession::may_peek(const StoreCommand& command) const {
  if (command.kind != StoreCommand::Kind::kStatus || !parts_.url.cluster || command.ref.number == 0) return false;
  return parts_.options.position == PositionStrategy::kWatermark && parts_.find(command.ref.event) != nullptr;
}

// Then the primary need not be asked first, which would take the time of a command each time.
bool RedisSession::is_out_of_touch(std::uint64_t event) const {
  const EventMirror* const mirror = parts_.find(event);
  if (mirror == nullptr || mirror->refreshed_at() == core::Instant()) return false;  // none of its facts were read yet
  return parts_.clock.now() - mirror->refreshed_at() > EventMirror::kStale;
}

void RedisSession::send_peek(Call& call) {
  const TicketRef& ref = call.command->ref;
  call.step = Step::kPeek;
  call.replica_asked = true;
  call.request.idempotent = true;
  call.request.durable = false;
  ScriptCall script(call.request, *parts_.scripts, LineScript::kPeek, parts_.script_time());
  script.of_replica();
  const std::uint32_t buckets = buckets_of(ref.event);
  auto to = buckets == 1 ? script.line(ref.event, 2) : script.bucket(ref.event, bucket_of(ref.number, buckets), 2);
  to.arg(ref.number).arg(ref.epoch);
  link_->submit(call.request);
}

// What a replica does not know the primary may, if it was not asked before.
void RedisSession::end_peek(Call& call) {
  if (call.primary_asked) return complete(call, StoreOutcome::kUnavailable);
  call.step = Step::kCommand;
  send_command(call);
}

void RedisSession::take_peek(Call& call, const redis::RedisReply& reply) {
  StoreCommand& command = *call.command;
  const TicketReply ticket = outcome_of(reply) == 0 ? read_ticket_reply(reply) : TicketReply{};
  if (!ticket.whole || ticket.epoch != command.ref.epoch || ticket.number != command.ref.number) {
    return end_peek(call);
  }
  TicketView& view = command.view;
  view = TicketView{};
  view.status = ticket.status;
  if ((view.status == TicketStatus::kWaiting || view.status == TicketStatus::kReady) && sold_out(command.ref.event)) {
    view.status = TicketStatus::kSoldOut;
  }
  view.waited = milliseconds(ticket.waited_ms);
  view.stale = true;
  if (view.status == TicketStatus::kWaiting) {
    view.position = mirror_of(command.ref.event).place_in_line(ticket.number);
    // Called since, as far as this gateway knows: who may have been told so does not wait again.
    if (view.position == 0) return end_peek(call);
  }
  advise(view, ticket.number,
         {static_cast<double>(ticket.rate_micro) / 1e6, microseconds(ticket.until_open_us),
          milliseconds(ticket.heartbeat_ms)});
  command.outcome = StoreOutcome::kOk;
  parts_.stale_answers.fetch_add(1, std::memory_order_relaxed);
  complete(call);
}

}  // namespace tacos::gateway
