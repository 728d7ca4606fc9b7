#include "tacos-gateway/redis_store/line_keeper.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <boost/asio/post.hpp>

#include "tacos-gateway/redis_store/line_reply.h"

namespace tacos::gateway {
namespace {

std::uint64_t event_of(std::string_view member) {
  std::uint64_t event = 0;
  std::from_chars(member.data(), member.data() + std::min<std::size_t>(16, member.size()), event, 16);
  return event;
}

EventSnapshot read_snapshot(const redis::RedisReply& reply) {
  EventSnapshot event;
  event.event_id = reply.at(1).text();
  event.joined = number_at(reply, 2);
  event.waiting = number_at(reply, 3);
  event.ready = number_at(reply, 4);
  event.entered = number_at(reply, 5);
  event.left = number_at(reply, 6);
  event.expired = number_at(reply, 7);
  event.sold_out = number_at(reply, 8);
  event.refused_sold_out = number_at(reply, 9);
  event.admitted = number_at(reply, 10);
  event.inventory = {number_at(reply, 11), number_at(reply, 12), number_at(reply, 13), number_at(reply, 14)};
  event.admission_rate = core::Rate::per_second(static_cast<double>(number_at(reply, 15)) / 1e6);
  event.paused = number_at(reply, 16) == 1;
  event.draining = number_at(reply, 17) == 1;
  event.failovers = number_at(reply, 18);
  event.tickets_lost = number_at(reply, 19);
  event.tickets_restored = number_at(reply, 20);
  event.buckets = static_cast<std::uint32_t>(number_at(reply, 21));
  return event;
}

// Whether the event is sold out is the event's own key's to say: a bucket hears of it at its next tick.
void add_bucket(EventSnapshot& event, const EventSnapshot& bucket, bool is_over) {
  event.joined += bucket.joined;
  (is_over ? event.sold_out : event.waiting) += bucket.waiting;
  (is_over ? event.sold_out : event.ready) += bucket.ready;
  event.sold_out += bucket.sold_out;
  event.entered += bucket.entered;
  event.left += bucket.left;
  event.expired += bucket.expired;
  event.admitted += bucket.admitted;
  event.failovers += bucket.failovers;
  event.tickets_restored += bucket.tickets_restored;
}

// rate, burst, paused, draining, as lua/control.lua takes them.
void add_change(redis::RedisCommand command, const EventControl& change) {
  const auto text = [](const std::optional<bool>& flag) { return !flag ? "" : *flag ? "1" : "0"; };
  command.arg(change.admission_rate ? std::to_string(micro_rate(*change.admission_rate)) : std::string());
  command.arg(change.admission_burst ? std::to_string(whole_burst(*change.admission_burst)) : std::string());
  command.arg(text(change.paused)).arg(text(change.draining));
}

}  // namespace

core::Result<std::unique_ptr<LineKeeper>> LineKeeper::start(RedisStoreParts& parts) {
  std::unique_ptr<LineKeeper> keeper(new LineKeeper(parts));
  auto link = parts.open_link(keeper->loop_.get_executor());
  if (link.has_error()) return link.error();
  keeper->link_ = std::move(*link);
  parts.enlist(*keeper->link_);
  if (parts.options.facts_interval > core::Nanos(0)) keeper->schedule();
  keeper->thread_ = std::thread([&loop = keeper->loop_] {
    const auto guard = boost::asio::make_work_guard(loop);
    loop.run();
  });
  return keeper;
}

LineKeeper::~LineKeeper() {
  if (link_) parts_.strike_off(*link_);
  boost::asio::post(loop_, [this] {
    closing_ = true;
    timer_.cancel();
    link_->close();
    loop_.stop();
  });
  if (thread_.joinable()) thread_.join();
}

LineKeeper::Latch LineKeeper::latch(std::function<void()> handler) {
  if (!handler) return nullptr;
  return Latch(static_cast<void*>(nullptr), [handler = std::move(handler)](void*) { handler(); });
}

std::unique_ptr<LineKeeper::Question> LineKeeper::question(Replied replied) {
  std::unique_ptr<Question> made;
  if (spare_.empty()) {
    made = std::make_unique<Question>();
    made->keeper = this;
    made->request.done = &LineKeeper::answered;
    made->request.owner = made.get();
  } else {
    made = std::move(spare_.back());
    spare_.pop_back();
  }
  made->request.idempotent = false;
  made->request.slot = redis::RedisRequest::kAnySlot;
  made->request.script = nullptr;
  made->request.timeout = core::Nanos(0);
  made->request.command.clear();
  made->replied = std::move(replied);
  return made;
}

void LineKeeper::ask(std::unique_ptr<Question> question) {
  link_->submit(question.release()->request);
}

void LineKeeper::answered(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure) {
  std::unique_ptr<Question> question(static_cast<Question*>(request.owner));
  LineKeeper& keeper = *question->keeper;
  const Replied replied = std::exchange(question->replied, nullptr);
  keeper.spare_.push_back(std::move(question));
  replied(failure == redis::RedisFailure::kNone && !reply->is_error() ? reply : nullptr);
}

void LineKeeper::with_events(std::function<void(bool, std::vector<std::uint64_t>)> then) {
  auto asked = question([this, then = std::move(then)](const redis::RedisReply* reply) {
    std::vector<std::uint64_t> events;
    if (reply != nullptr) {
      for (const redis::RedisReply& member : reply->elements()) {
        events.push_back(event_of(member.text()));
        parts_.find_or_make(events.back()).listed(true);
        paces_[events.back()].id = member.text().substr(std::min<std::size_t>(16, member.text().size()));
      }
      take_listing(events);
      make_room(events.size());
    }
    then(reply != nullptr, std::move(events));
  });
  asked->request.idempotent = true;
  asked->request.slot = redis::redis_slot(kEventsKey);
  redis::append_command(asked->request.command, "SMEMBERS", kEventsKey);
  ask(std::move(asked));
}

void LineKeeper::control_event(std::uint64_t event, const EventControl& change, Replied replied) {
  auto asked = question(std::move(replied));
  add_change(ScriptCall(asked->request, *parts_.scripts, LineScript::kControl, parts_.script_time()).line(event, 4),
             change);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

void LineKeeper::set_defaults(const EventControl& change, Replied replied) {
  auto asked = question(std::move(replied));
  add_change(ScriptCall(asked->request, *parts_.scripts, LineScript::kDefaults, parts_.script_time()).events(4),
             change);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

void LineKeeper::control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) {
  boost::asio::post(loop_, [this, change = std::move(change), handler = std::move(handler)] {
    if (closing_) return handler(core::fail(LineKeeper::kUnreachable));
    if (!change.event_id.empty()) {
      const std::uint64_t event = event_key(change.event_id);
      return control_event(event, change, [this, change, handler](const redis::RedisReply* reply) {
        const std::int64_t outcome = reply == nullptr ? -1 : outcome_of(*reply);
        if (outcome == kNoEvent) return control_declared(change, handler);
        if (outcome != 0) return handler(core::fail(LineKeeper::kUnreachable));
        if (!change.admission_rate && !change.admission_burst) return handler(std::size_t{1});
        keep_pace_declared(change, handler);
      });
    }
    // The defaults first: an event that is opened meanwhile is either listed or begins with them.
    set_defaults(change, [this, change, handler](const redis::RedisReply* set) {
      if (set == nullptr) return handler(core::fail(LineKeeper::kUnreachable));
      with_events([this, change, handler](bool found, const std::vector<std::uint64_t>& events) {
        if (!found) return handler(core::fail(LineKeeper::kUnreachable));
        struct Sum {
          std::size_t changed = 0;
          bool failed = false;
        };
        auto sum = std::make_shared<Sum>();
        const Latch done = latch([sum, handler] {
          if (sum->failed) return handler(core::fail("not every event was changed: the Redis can't be reached"));
          handler(sum->changed);
        });
        // What is declared and nobody has joined keeps it in its own slot.
        with_declared([this, change, events, sum, done](const DeclaredEvents* declared) {
          sum->failed |= declared == nullptr;
          if (declared == nullptr) return;
          for (const auto& [event, terms] : *declared) {
            if (std::find(events.begin(), events.end(), event) != events.end()) continue;
            control_event(event, change,
                          [sum, done](const redis::RedisReply* reply) { sum->failed |= reply == nullptr; });
          }
        });
        for (const std::uint64_t event : events) {
          control_event(event, change, [sum, done](const redis::RedisReply* reply) {
            sum->failed |= reply == nullptr;
            if (reply != nullptr && outcome_of(*reply) == 0) ++sum->changed;
          });
        }
      });
    });
  });
}

void LineKeeper::snapshot_event(std::uint64_t event, std::function<void(bool, const EventSnapshot&)> add) {
  auto asked = question([this, event, add = std::move(add)](const redis::RedisReply* reply) {
    if (reply == nullptr) return add(false, {});
    if (outcome_of(*reply) != 0) return;  // gone between the listing and now
    const EventSnapshot own = read_snapshot(*reply);
    if (own.buckets <= 1) return add(true, own);
    // What the event's own key does not count is the sum over its buckets.
    struct Sum {
      EventSnapshot event;
      bool failed = false;
    };
    auto sum = std::make_shared<Sum>();
    sum->event = own;
    sum->event.joined = sum->event.admitted = 0;
    const bool is_over = number_at(*reply, 22) == 1;
    const Latch done = latch([sum, add] { add(!sum->failed, sum->event); });
    for (std::uint32_t bucket = 0; bucket < own.buckets; ++bucket) {
      auto part = question([sum, is_over, done](const redis::RedisReply* answer) {
        sum->failed |= answer == nullptr;
        if (answer == nullptr || outcome_of(*answer) != 0) return;  // a bucket that nobody has come to
        add_bucket(sum->event, read_snapshot(*answer), is_over);
      });
      ScriptCall(part->request, *parts_.scripts, LineScript::kSnapshot, parts_.script_time()).bucket(event, bucket, 0);
      part->request.idempotent = true;
      ask(std::move(part));
    }
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kSnapshot, parts_.script_time()).line(event, 0);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

void LineKeeper::ping(std::function<void(core::Result<core::Nanos>)> handler) {
  boost::asio::post(loop_, [this, handler = std::move(handler)] {
    if (closing_) return handler(core::fail(LineKeeper::kUnreachable));
    const core::Instant asked_at = parts_.link_clock.now();
    auto asked = question([this, handler, asked_at](const redis::RedisReply* reply) {
      if (reply == nullptr) return handler(core::fail(LineKeeper::kUnreachable));
      handler(parts_.link_clock.now() - asked_at);
    });
    redis::append_command(asked->request.command, "PING");
    asked->request.idempotent = true;
    ask(std::move(asked));
  });
}

}  // namespace tacos::gateway
