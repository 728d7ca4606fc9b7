#include "tacos-gateway/redis_seats/seat_sweep.h"

#include <algorithm>

#include "tacos-gateway/redis_seats/seat_scripts.h"
#include "tacos-gateway/redis_store/line_reply.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

// Of reservations in one script: of ten seats each, a millisecond of the server's time.
constexpr std::uint64_t kMostAtOnce = 100;
constexpr core::Nanos kForgotten = std::chrono::minutes(1);

}  // namespace

void SeatSweep::run() {
  const core::Instant now = parts_.link_clock.now();
  // Not looked at for long: forgotten.
  std::erase_if(looks_,
                [now](const auto& entry) { return !entry.second.under_way && now - entry.second.next > kForgotten; });
  for (const std::uint64_t event : parts_.events()) {
    Look& look = looks_[event];
    if (look.under_way || now < look.next) continue;
    look.sweep = this;
    look.event = event;
    look_now(look);
  }
}

void SeatSweep::look_now(Look& look) {
  look.under_way = true;
  look.request.owner = &look;
  look.request.done = &SeatSweep::looked;
  look.request.idempotent = true;
  begin_script(look.request, script_, LineKey::of_event(look.event).text(), parts_.script_time(), 1).arg(kMostAtOnce);
  link_.submit(look.request);
}

void SeatSweep::looked(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure) {
  Look& look = *static_cast<Look*>(request.owner);
  SeatSweep& sweep = *look.sweep;
  look.under_way = false;
  core::Nanos wait = sweep.options_.sweep_interval;
  if (failure == redis::RedisFailure::kNone && outcome_of(*reply) == 0) {
    const std::int64_t due_ms = reply->at(1).as_integer().value_or(-1);
    // A whole crowd's holds run out together: the next hundred at once, or their seats would come back in seconds.
    if (due_ms == 0) return sweep.look_now(look);
    if (due_ms > 0) wait = std::min<core::Nanos>(wait, milliseconds(due_ms));
  }
  look.next = sweep.parts_.link_clock.now() + wait;
}

}  // namespace tacos::gateway
