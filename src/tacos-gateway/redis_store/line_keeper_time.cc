// The keeper's work that time brings: ticks, refreshes, heartbeats.
#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "tacos-gateway/redis_store/line_keeper.h"
#include "tacos-gateway/redis_store/line_reply.h"

namespace tacos::gateway {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// An event in which nobody waits and nothing can lapse is looked after this often at first, and ever more seldom; a
// join through this gateway, or a look that shows somebody who joined through another, ends that.
constexpr core::Nanos kIdleTick = milliseconds(250);
constexpr core::Nanos kLongestIdle = std::chrono::seconds(5);
// Who else has opened events is asked at every so many refreshes.
constexpr unsigned kRefreshesPerListing = 4;
constexpr std::size_t kMostHeartbeatsAtOnce = 1000;

// Ticks that are this close together are enough, whoever runs them; and about as long as the second a gateway holds
// back at most when others tick.
constexpr core::Nanos kOftenEnough = milliseconds(8);
constexpr core::Nanos kSeldomEnough = milliseconds(200);
constexpr core::Nanos kBucketTimeout = milliseconds(100);

// As recall() of lua/passing.lua reads it.
void add_knowledge(redis::RedisCommand& command, const EventMirror::Knowledge& known) {
  command.arg(known.last).arg(known.head).arg(known.failovers);
}

}  // namespace

void LineKeeper::tick(std::function<void()> handler) {
  boost::asio::post(loop_, [this, done = latch(std::move(handler))] {
    if (closing_) return;
    for (const std::uint64_t event : parts_.events()) tick_event(event, done);
  });
}

void LineKeeper::tick_event(std::uint64_t event, const Latch& done) {
  Pace& pace = paces_[event];
  EventMirror& mirror = *parts_.find(event);
  const core::Instant now = parts_.clock.now();
  // While it may be being forgotten, its buckets are not to be made again.
  if (pace.ticking || pace.forgetting) return;
  if (mirror.stirred()) {
    pace.idle_gap = core::Nanos(0);
  } else if (now < pace.next_tick) {
    return;
  }
  pace.ticking = true;
  const std::uint32_t buckets = mirror.buckets();
  if (buckets > 1) {
    // First what the buckets have to tell, then how far the watermark goes, then who is called by that.
    pace.buckets.resize(buckets);
    return tick_buckets(event, [this, event, now, done] { tick_line(event, now, done); });
  }
  const EventMirror::Knowledge known = mirror.knowledge();
  auto asked = question([this, event, now, known, &mirror, done](const redis::RedisReply* reply) {
    if (reply != nullptr && outcome_of(*reply) == 0) mirror.told(known);
    on_tick(event, now, reply);
  });
  auto script = ScriptCall(asked->request, *parts_.scripts, LineScript::kTick, parts_.script_time()).line(event, 3);
  add_knowledge(script, known);
  ask(std::move(asked));
}

void LineKeeper::on_tick(std::uint64_t event, core::Instant asked_at, const redis::RedisReply* reply) {
  Pace& pace = paces_[event];
  pace.ticking = false;
  if (reply == nullptr || outcome_of(*reply) != 0) {
    // Nobody is helped by asking a Redis that is not there a hundred times a second.
    pace.next_tick = asked_at + kIdleTick;
    if (reply != nullptr && outcome_of(*reply) == kSpread) refresh_event(event, nullptr);
    return;
  }
  EventMirror& mirror = *parts_.find(event);
  const std::uint64_t failovers = number_at(*reply, 6);
  mirror.learn_progress(number_at(*reply, 1), number_at(*reply, 2), number_at(*reply, 3) == 1, failovers);
  if (failovers != mirror.failovers()) refresh_event(event, nullptr);
  pace_after(pace, asked_at, microseconds(number_at(*reply, 5)), number_at(*reply, 4) == 1);
  if (mirror.has_more_to_tell()) pace.next_tick = asked_at;
}

// When the tick before was another gateway's, and not long ago, this one holds back; when ticks have become rare, it
// hurries.
void LineKeeper::pace_after(Pace& pace, core::Instant asked_at, core::Nanos since_tick_before, bool active) {
  if (!active) {
    const bool by_hand = parts_.options.facts_interval == core::Nanos(0);
    pace.idle_gap = by_hand ? kIdleTick : std::clamp<core::Nanos>(pace.idle_gap * 3 / 2, kIdleTick, kLongestIdle);
    pace.next_tick = asked_at + pace.idle_gap;
    return;
  }
  pace.idle_gap = core::Nanos(0);
  const bool alone = parts_.options.facts_interval == core::Nanos(0) || since_tick_before >= pace.gap * 3 / 4;
  if (parts_.options.facts_interval > core::Nanos(0)) {
    pace.gap = since_tick_before < kOftenEnough
                   ? std::min<core::Nanos>(std::max<core::Nanos>(pace.gap, kOftenEnough) * 3 / 2, kSeldomEnough)
                   : pace.gap / 2;
  }
  const auto jitter = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(pace.gap.count() / 2 + 1)));
  pace.next_tick = alone && pace.gap < kOftenEnough ? asked_at : asked_at + pace.gap + core::Nanos(jitter);
}

void LineKeeper::tick_buckets(std::uint64_t event, std::function<void()> then) {
  const LineFacts line = parts_.find(event)->line();
  const Latch all = latch(std::move(then));
  const std::uint32_t buckets = static_cast<std::uint32_t>(paces_[event].buckets.size());
  for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) tick_bucket(event, bucket, line, all);
}

void LineKeeper::tick_bucket(std::uint64_t event, std::uint32_t bucket, const LineFacts& line, const Latch& done) {
  auto asked = question([this, event, bucket, done](const redis::RedisReply* reply) {
    Pace& pace = paces_[event];
    if (bucket >= pace.buckets.size()) return;
    BucketReport& report = pace.buckets[bucket];
    report.heard = reply != nullptr && outcome_of(*reply) == 0;
    report.departures.clear();
    if (!report.heard) return;
    report.passed = number_at(*reply, 1);
    report.called = number_at(*reply, 2);
    report.outstanding = number_at(*reply, 3);
    report.waiting = number_at(*reply, 4);
    report.told_from = report.departures_known;
    report.called_at_us = number_at(*reply, 6);
    for (std::size_t i = 7; i < reply->elements().size(); ++i) report.departures.push_back(number_at(*reply, i));
  });
  auto script = ScriptCall(asked->request, *parts_.scripts, LineScript::kTickBucket, parts_.script_time())
                    .bucket(event, bucket, kTermsOfLine + 4);
  add_terms(script, line);
  script.arg(line.head).arg(line.rate_micro).arg(line.sold_out ? 1 : 0);
  script.arg(paces_[event].buckets[bucket].departures_known);
  // One shard that is away must not hold up the others for as long as a command may take.
  if (parts_.options.facts_interval > core::Nanos(0)) {
    asked->request.timeout = std::min<core::Nanos>(parts_.options.command_timeout, kBucketTimeout);
  }
  ask(std::move(asked));
}

void LineKeeper::tick_line(std::uint64_t event, core::Instant asked_at, const Latch& done) {
  Pace& pace = paces_[event];
  EventMirror& mirror = *parts_.find(event);
  std::size_t departures = 0;
  for (const BucketReport& report : pace.buckets) departures += report.departures.size();
  const EventMirror::Knowledge known = mirror.knowledge();
  auto asked = question([this, event, asked_at, known, &mirror, done](const redis::RedisReply* reply) {
    Pace& current = paces_[event];
    current.ticking = false;
    const std::size_t buckets = current.buckets.size();
    if (reply == nullptr || outcome_of(*reply) != kSpread || reply->elements().size() < kSpreadElements + 2 + buckets) {
      current.next_tick = asked_at + kIdleTick;
      return;
    }
    mirror.told(known);
    const TicketNumber head = mirror.line().head;
    LineFacts line;
    read_spread_reply(*reply, line);
    mirror.learn_spread(line);
    if (line.failovers != mirror.failovers()) refresh_event(event, nullptr);
    pace_after(current, asked_at, microseconds(number_at(*reply, kSpreadElements)),
               number_at(*reply, kSpreadElements + 1) == 1);
    if (mirror.has_more_to_tell()) current.next_tick = asked_at;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
      current.buckets[bucket].departures_known = number_at(*reply, kSpreadElements + 2 + bucket);
    }
    if (line.head > head || line.sold_out) tick_buckets(event, [done] {});
  });
  auto script = ScriptCall(asked->request, *parts_.scripts, LineScript::kTickLine, parts_.script_time())
                    .line(event, 3 + pace.buckets.size() * 7 + departures);
  add_knowledge(script, known);
  for (const BucketReport& report : pace.buckets) {
    if (report.heard) {
      script.arg(report.passed);
    } else {
      script.arg("");
    }
    script.arg(report.called).arg(report.outstanding).arg(report.waiting).arg(report.called_at_us);
    script.arg(report.told_from).arg(report.departures.size());
  }
  for (const BucketReport& report : pace.buckets) {
    for (const TicketNumber number : report.departures) script.arg(number);
  }
  ask(std::move(asked));
}

void LineKeeper::schedule() {
  timer_.expires_after(parts_.options.facts_interval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || closing_) return;
    refresh({});
    schedule();
  });
}

void LineKeeper::refresh(std::function<void()> handler) {
  boost::asio::post(loop_, [this, done = latch(std::move(handler))] {
    if (closing_) return;
    const auto all = [this, done] {
      const core::Instant now = parts_.clock.now();
      for (const std::uint64_t event : parts_.events()) {
        Pace& pace = paces_[event];
        if (pace.idle_gap <= kIdleTick || now >= pace.next_refresh) {
          pace.next_refresh = now + pace.idle_gap;
          refresh_event(event, done);
        }
        write_heartbeats(event, done);
        forget_if_over(event, done);
      }
    };
    if (refreshes_++ % kRefreshesPerListing != 0) return all();
    with_events([all](bool found, const std::vector<std::uint64_t>&) {
      if (found) all();
    });
  });
}

void LineKeeper::refresh_event(std::uint64_t event, const Latch& done) {
  Pace& pace = paces_[event];
  if (pace.refreshing) return;
  pace.refreshing = true;
  EventMirror& mirror = *parts_.find(event);
  const EventMirror::Reading reading = mirror.reading();
  const Life known{mirror.buckets(), reading.epoch};
  auto asked = question([this, event, &mirror, known, done](const redis::RedisReply* reply) {
    paces_[event].refreshing = false;
    if (reply == nullptr) return;
    if (outcome_of(*reply) == kNoEvent) return hear_of_end(event, known, done);
    if (outcome_of(*reply) != 0) return;
    if (!read_line_facts(*reply, facts_)) return;
    tell_of_failover(paces_[event]);
    if (mirror.take_facts(facts_, parts_.clock.now())) refresh_event(event, done);
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kFacts, parts_.script_time())
      .line(event, 2)
      .arg(reading.departures)
      .arg(reading.epoch);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

void LineKeeper::tell_of_failover(Pace& pace) {
  if (facts_.failovers == pace.failovers && facts_.lost == pace.tickets_lost) return;
  pace.failovers = facts_.failovers;
  pace.tickets_lost = facts_.lost;
  if (parts_.options.on_failover) parts_.options.on_failover({pace.id, facts_.lost});
}

// All are taken at once: what a full link refuses is given back inside the call, and waits for the next refresh.
void LineKeeper::write_heartbeats(std::uint64_t event, const Latch& done) {
  EventMirror& mirror = *parts_.find(event);
  const std::uint32_t buckets = mirror.buckets();
  std::vector<TicketNumber> taken;
  const std::uint32_t epoch = mirror.take_heartbeats(taken, std::numeric_limits<std::size_t>::max());
  std::vector<std::vector<TicketNumber>> by_bucket(buckets);
  if (buckets == 1) {
    by_bucket[0] = std::move(taken);
  } else {
    for (const TicketNumber number : taken) by_bucket[bucket_of(number, buckets)].push_back(number);
  }
  for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
    std::vector<TicketNumber>& all = by_bucket[bucket];
    while (!all.empty()) {
      const std::size_t count = std::min(all.size(), kMostHeartbeatsAtOnce);
      const auto from = all.end() - static_cast<std::ptrdiff_t>(count);
      write_heartbeats(event, buckets == 1 ? std::nullopt : std::optional(bucket), epoch, {from, all.end()}, done);
      all.erase(from, all.end());
    }
  }
}

void LineKeeper::write_heartbeats(std::uint64_t event, std::optional<std::uint32_t> bucket, std::uint32_t epoch,
                                  std::vector<TicketNumber> taken, const Latch& done) {
  EventMirror& mirror = *parts_.find(event);
  const auto numbers = std::make_shared<std::vector<TicketNumber>>(std::move(taken));
  auto asked = question([&mirror, epoch, numbers, done](const redis::RedisReply* reply) {
    if (reply == nullptr) return mirror.give_back_heartbeats(epoch, *numbers);
    for (std::size_t i = 1; i < reply->elements().size(); ++i) mirror.remove(epoch, number_at(*reply, i));
  });
  ScriptCall call(asked->request, *parts_.scripts, LineScript::kSeen, parts_.script_time());
  const std::size_t arguments = 1 + numbers->size();
  redis::RedisCommand command = bucket ? call.bucket(event, *bucket, arguments) : call.line(event, arguments);
  command.arg(epoch);
  for (const TicketNumber number : *numbers) command.arg(number);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

}  // namespace tacos::gateway
