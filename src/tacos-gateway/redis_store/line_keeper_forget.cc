// The keeper's rarest work: to forget events that are over. The Redis decides whether one is, in one step and by its
// own clock, so that gateways can't disagree; any of them may go on with what another has begun.
#include <algorithm>
#include <string>
#include <utility>

#include "tacos-gateway/redis_store/line_keeper.h"
#include "tacos-gateway/redis_store/line_reply.h"

namespace tacos::gateway {
namespace {

using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// What lua/forget.lua answers behind its outcome.
constexpr std::uint64_t kMore = 1;
constexpr std::uint64_t kBucketsFirst = 2;
constexpr std::uint64_t kGone = 3;

std::string member_of(std::uint64_t event, std::string_view id) {
  const LineKey key = LineKey::of_event(event);
  return std::string(key.digits()).append(id);
}

}  // namespace

// Each event is asked about a few times in the time after which it may go; once a minute when that is long.
void LineKeeper::forget_if_over(std::uint64_t event, const Latch& done) {
  const core::Nanos after = parts_.options.line.forget_after;
  if (after == core::Nanos(0)) return;
  const core::Instant now = parts_.clock.now();
  Pace& pace = paces_[event];
  if (pace.ticking || pace.forgetting || pace.id.empty() || now < pace.next_look) return;
  const bool first_look = pace.next_look == core::Instant();
  pace.next_look = now + std::clamp<core::Nanos>(after / 4, seconds(1), minutes(1));
  if (!first_look) begin_to_forget(event, {}, done);
}

// The serial is read first: whoever joins once the event is gone registers it again, under another.
void LineKeeper::begin_to_forget(std::uint64_t event, Forgetting so_far, const Latch& done) {
  paces_[event].forgetting = true;
  auto asked = question([this, event, so_far = std::move(so_far), done](const redis::RedisReply* reply) mutable {
    if (reply == nullptr) return end_of_look(event, so_far, Forgotten::kUnknown);
    so_far.serial = reply->text().empty() ? "0" : std::string(reply->text());
    ask_to_forget(event, std::move(so_far), done);
  });
  asked->request.idempotent = true;
  asked->request.slot = redis::redis_slot(kEventsKey);
  const std::string serials = std::string(kEventsKey).append(":serials");
  const LineKey key = LineKey::of_event(event);
  redis::append_command(asked->request.command, "HGET", serials, key.digits());
  ask(std::move(asked));
}

void LineKeeper::end_of_look(std::uint64_t event, const Forgetting& so_far, Forgotten how) {
  paces_[event].forgetting = false;
  if (so_far.told) so_far.told(how);
}

void LineKeeper::ask_to_forget(std::uint64_t event, Forgetting so_far, const Latch& done) {
  auto asked = question([this, event, so_far, done](const redis::RedisReply* reply) mutable {
    on_forget(event, std::move(so_far), reply, done);
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kForget, parts_.script_time())
      .line(event, 3)
      .arg(static_cast<std::uint64_t>(parts_.options.line.forget_after / microseconds(1)))
      .arg(so_far.buckets_gone ? 1 : 0)
      .arg(so_far.why);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

void LineKeeper::on_forget(std::uint64_t event, Forgetting so_far, const redis::RedisReply* reply, const Latch& done) {
  if (reply == nullptr) return end_of_look(event, so_far, Forgotten::kUnknown);
  const std::int64_t outcome = outcome_of(*reply);
  if (outcome == kNoEvent) {
    // Gone while it was being forgotten; or it is listed and was never opened, or its server came back empty.
    if (so_far.begun || missing_for_long(event, so_far.serial)) return unregister(event, so_far, done);
    return end_of_look(event, so_far, Forgotten::kNone);
  }
  paces_[event].missing_since.reset();
  if (outcome != 0) return end_of_look(event, so_far, Forgotten::kUnknown);
  const std::uint64_t what = number_at(*reply, 1);
  so_far.begun |= what > 0;
  if (what == kMore) return ask_to_forget(event, std::move(so_far), done);
  if (what == kBucketsFirst) {
    const auto buckets = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_at(*reply, 2), kMostBuckets));
    return forget_buckets(event, {buckets, static_cast<std::uint32_t>(number_at(*reply, 3))}, so_far, done);
  }
  if (what != kGone) return end_of_look(event, so_far, Forgotten::kInUse);
  parts_.events_forgotten.fetch_add(1, std::memory_order_relaxed);
  unregister(event, so_far, done);
}

void LineKeeper::forget_buckets(std::uint64_t event, Life life, const Forgetting& so_far, const Latch& done) {
  const auto failed = std::make_shared<bool>(false);
  Forgetting next = so_far;
  next.buckets_gone = true;
  const Latch all = latch([this, event, next, failed, done] {
    // What is left is taken up at the next look.
    if (*failed) return end_of_look(event, next, Forgotten::kUnknown);
    ask_to_forget(event, next, done);
  });
  for (std::uint32_t bucket = 0; bucket < life.buckets; ++bucket) forget_bucket(event, bucket, life.epoch, failed, all);
}

void LineKeeper::forget_bucket(std::uint64_t event, std::uint32_t bucket, std::uint32_t epoch,
                               const std::shared_ptr<bool>& failed, const Latch& all) {
  auto asked = question([this, event, bucket, epoch, failed, all](const redis::RedisReply* reply) {
    const bool answered = reply != nullptr && outcome_of(*reply) == 0;
    if (answered && number_at(*reply, 1) == kMore) return forget_bucket(event, bucket, epoch, failed, all);
    *failed |= !answered || number_at(*reply, 1) != kGone;
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kForgetBucket, parts_.script_time())
      .bucket(event, bucket, 1)
      .arg(epoch);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

// Whoever forgot the event has taken its buckets away; but a tick of this gateway, which had not heard of that, may
// have made them again. `known` is the life that it knew when it asked, so that those of the next one are left alone.
void LineKeeper::hear_of_end(std::uint64_t event, Life known, const Latch& done) {
  parts_.find(event)->forget();
  if (known.buckets <= 1) return;
  const auto failed = std::make_shared<bool>(false);
  for (std::uint32_t bucket = 0; bucket < known.buckets; ++bucket) {
    forget_bucket(event, bucket, known.epoch, failed, done);
  }
}

// Listed without being there may be an event that is just being opened; but not for as long as an event is kept.
bool LineKeeper::missing_for_long(std::uint64_t event, const std::string& serial) {
  Pace& pace = paces_[event];
  const core::Instant now = parts_.clock.now();
  if (!pace.missing_since || pace.missing_serial != serial) {
    pace.missing_since = now;
    pace.missing_serial = serial;
    return false;
  }
  return now - *pace.missing_since >= std::max<core::Nanos>(parts_.options.line.forget_after, minutes(1));
}

void LineKeeper::unregister(std::uint64_t event, const Forgetting& so_far, const Latch& done) {
  parts_.find_or_make(event).forget();
  auto asked = question([this, event, so_far, done](const redis::RedisReply* reply) {
    end_of_look(event, so_far, Forgotten::kYes);
    if (reply != nullptr && outcome_of(*reply) == 0) parts_.find_or_make(event).listed(false);
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kUnregister, parts_.script_time())
      .events(2)
      .arg(member_of(event, paces_[event].id))
      .arg(so_far.serial);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

// An event that nobody lists and this gateway does not know either costs it nothing any more.
void LineKeeper::take_listing(const std::vector<std::uint64_t>& listed) {
  for (const std::uint64_t event : parts_.events()) {
    const bool is_listed = std::find(listed.begin(), listed.end(), event) != listed.end();
    EventMirror& mirror = parts_.find_or_make(event);
    mirror.listed(is_listed);
    if (!mirror.asleep()) continue;
    const auto pace = paces_.find(event);
    const bool at_work =
        pace != paces_.end() && (pace->second.ticking || pace->second.refreshing || pace->second.forgetting);
    if (pace != paces_.end() && !at_work) paces_.erase(pace);
  }
}

}  // namespace tacos::gateway
