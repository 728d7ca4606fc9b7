// What a connection does when time has passed: the end of an attempt or of a rest, and requests whose time is up. One
// timer for all of it, set to the earliest moment at which there may be something to do.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "redis/redis_connection.h"

namespace tacos::redis {
namespace {

using core::Instant;
using core::Nanos;

// Time-outs are looked for no more often than this.
constexpr Nanos kSweepInterval = std::chrono::milliseconds(1);

}  // namespace

struct RedisConnection::Tick {
  using allocator_type = net::HandlerAllocator<void>;
  std::shared_ptr<RedisConnection> self;
  allocator_type get_allocator() const noexcept { return allocator_type(self->tick_memory_); }
  void operator()(const boost::system::error_code& error) const {
    if (!error) self->on_tick();
  }
};

void RedisConnection::arm() {
  const Instant due = std::min(phase_ends_, next_deadline_);
  if (due >= armed_for_ || state_ == State::kClosed) return;
  armed_for_ = due;
  timer_.expires_after(std::max(due - clock_.now(), kSweepInterval));
  timer_.async_wait(Tick{shared_from_this()});
}

void RedisConnection::on_tick() {
  if (state_ == State::kClosed) return;
  armed_for_ = Instant::never();
  const Instant now = clock_.now();
  if (now >= phase_ends_) {
    if (state_ == State::kResting) {
      if (retired_) {
        close();
        return;
      }
      start_attempt();
    } else {
      drop(fmt::format("{}: no connection within {} ms", own_.address.to_string(),
                       link_.connect_timeout / std::chrono::milliseconds(1)));
    }
  }
  if (now >= next_deadline_) sweep(now);
  arm();
}

void RedisConnection::sweep(Instant now) {
  const auto late = [now](const RedisRequest& request) { return request.notes.deadline <= now; };
  // Half of the usual time, because the other half may have gone by before it was sent.
  const Nanos patience = link_.command_timeout / 2;
  std::size_t late_sent = 0;
  bool lost = false;
  for (const RedisRequestLine* line : {&held_, &sent_}) {
    for (const RedisRequest* request = line->first(); request != nullptr; request = request->notes.next) {
      if (!late(*request)) continue;
      if (request != &wait_) ++late_sent;
      lost = lost || now - request->notes.sent_at >= patience || now - silent_since_ >= patience;
    }
  }
  RedisRequestLine too_late = again_.take_if(late);
  RedisRequestLine others = waiting_.take_if(late);
  counters_.timeouts.add(late_sent + too_late.size() + others.size());
  RedisRequestLine given_up;
  RedisRequestLine unreplicated;
  if (late_sent > 0 && !lost) {
    unreplicated = held_.take_if(late);
    given_up = give_up_late(now);
  }
  next_deadline_ = Instant::never();
  for (const RedisRequestLine* line : {&held_, &sent_, &again_, &waiting_}) {
    for (const RedisRequest* request = line->first(); request != nullptr; request = request->notes.next) {
      next_deadline_ = std::min(next_deadline_, request->notes.deadline);
    }
  }
  if (lost) drop(fmt::format("{}: no answer in time", own_.address.to_string()));
  fail(unreplicated, RedisFailure::kNotReplicated);
  fail(given_up, RedisFailure::kUnknownOutcome);
  fail(too_late, RedisFailure::kNotSent);
  fail(others, RedisFailure::kNotSent);
}

RedisRequestLine RedisConnection::give_up_late(Instant now) {
  RedisRequestLine given_up;
  RedisRequestLine all = sent_.take_all();
  std::uint32_t replies = 0;
  while (RedisRequest* const request = all.pop_front()) {
    if (request->notes.deadline <= now) {
      replies += request->notes.replies_first + 1;
      given_up.push_back(*request);
    } else {
      request->notes.replies_first += std::exchange(replies, 0);
      sent_.push_back(*request);
    }
  }
  replies_of_nobody_ += replies;
  return given_up;
}

}  // namespace tacos::redis
