// What an operator declares of events: kept beside the set of events, and told to the event once it is there.
#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "tacos-gateway/redis_store/line_keeper.h"
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/redis_store/open_script.h"

namespace tacos::gateway {
namespace {

// What lua/declare.lua answers.
enum Kept : std::int64_t { kMade = 0, kChanged = 1, kKept = 2, kFull = 3, kNothing = 4 };
// What lua/terms.lua answers behind its outcome.
enum TermsTaken : std::uint64_t { kTaken = 0, kSeatsInUse = 1, kHasOpened = 2 };

// Events that are looked at at once for whether they make room.
constexpr std::size_t kMostAskedForRoom = 64;

std::int64_t first_of(const redis::RedisReply* reply) {
  return reply != nullptr && reply->is_array() ? reply->at(0).as_integer().value_or(-1) : -1;
}

std::string member_of(std::string_view event_id) {
  return std::string(LineKey::of_event(event_key(event_id)).digits()).append(event_id);
}

EventSnapshot unused(const EventTerms& terms) {
  EventSnapshot snapshot;
  snapshot.event_id = terms.event_id;
  snapshot.admission_rate = terms.admission_rate;
  snapshot.inventory.free = terms.seats;
  return snapshot;
}

void add_terms(EventSnapshot& snapshot, const EventTerms& terms) {
  snapshot.declared = true;
  snapshot.opens_unix_ms = terms.opens_unix_ms;
  snapshot.price = terms.price;
  snapshot.currency = terms.currency;
  snapshot.terms = terms;
}

}  // namespace

void LineKeeper::with_declared(std::function<void(const DeclaredEvents*)> then) {
  auto asked = question([then = std::move(then)](const redis::RedisReply* reply) {
    if (reply == nullptr) return then(nullptr);
    DeclaredEvents declared;
    const auto& fields = reply->elements();
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      std::optional<EventTerms> terms = read_terms(fields[i + 1].text());
      if (!terms) continue;
      terms->event_id = fields[i].text();
      declared.emplace(event_key(terms->event_id), std::move(*terms));
    }
    then(&declared);
  });
  asked->request.idempotent = true;
  asked->request.slot = redis::redis_slot(kEventsKey);
  redis::append_command(asked->request.command, "HGETALL", kDeclaredKey);
  ask(std::move(asked));
}

void LineKeeper::change_declaration(std::string_view event_id, const std::string& terms, bool keep, Replied replied) {
  auto asked = question(std::move(replied));
  ScriptCall(asked->request, *parts_.scripts, LineScript::kDeclare, parts_.script_time())
      .events(4)
      .arg(member_of(event_id))
      .arg(terms)
      .arg(std::uint64_t{parts_.options.max_events})
      .arg(keep ? 1 : 0);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

// First the event's own slot, where the event comes into being by what is kept there, and which may refuse; then the
// set of what is declared, without which nobody opens it.
void LineKeeper::declare(EventTerms terms, Redeclare how, std::function<void(core::Result<Declared>)> handler) {
  boost::asio::post(loop_, [this, terms = std::move(terms), how, handler = std::move(handler)] {
    if (closing_) return handler(core::fail(kUnreachable));
    with_declared([this, terms, how, handler](const DeclaredEvents* declared) {
      if (declared == nullptr) return handler(core::fail(kUnreachable));
      const bool stands = declared->contains(event_key(terms.event_id));
      if (stands && how == Redeclare::kKeep) return handler(Declared::kKept);
      if (!stands && declared->size() >= parts_.options.max_events) return handler(Declared::kFull);
      tell_terms(terms, handler);
    });
  });
}

void LineKeeper::tell_terms(const EventTerms& terms, std::function<void(core::Result<Declared>)> handler) {
  auto asked = question([this, terms, handler = std::move(handler)](const redis::RedisReply* reply) {
    const std::int64_t outcome = reply == nullptr ? -1 : outcome_of(*reply);
    if (outcome != 0 && outcome != kNoEvent) return handler(core::fail(kUnreachable));
    const std::uint64_t taken = outcome == 0 ? number_at(*reply, 1) : std::uint64_t{kTaken};
    if (taken == kSeatsInUse) return handler(Declared::kInUse);
    if (taken == kHasOpened) return handler(Declared::kHasOpened);
    change_declaration(terms.event_id, terms_text(terms), false, [handler](const redis::RedisReply* kept) {
      switch (first_of(kept)) {
        case kMade:
          return handler(Declared::kMade);
        case kChanged:
          return handler(Declared::kChanged);
        case kFull:
          return handler(Declared::kFull);
        default:
          return handler(core::fail(kUnreachable));
      }
    });
  });
  ScriptCall(asked->request, *parts_.scripts, LineScript::kTerms, parts_.script_time())
      .line(event_key(terms.event_id), 6)
      .arg(terms.seats)
      .arg(micro_rate(terms.admission_rate))
      .arg(whole_burst(terms.admission_burst))
      .arg(parts_.opening_us(terms))
      .arg(terms.price)
      .arg(terms.currency);
  asked->request.idempotent = true;
  ask(std::move(asked));
}

// First nobody opens it any more, then it is forgotten: a join between the two finds the event, or none. One that is in
// use is declared again.
void LineKeeper::withdraw(std::string event_id, bool by_force, std::function<void(core::Result<Withdrawn>)> handler) {
  boost::asio::post(loop_, [this, event_id = std::move(event_id), by_force, handler = std::move(handler)] {
    if (closing_) return handler(core::fail(kUnreachable));
    if (paces_[event_key(event_id)].forgetting) {
      return handler(core::fail("the event is being forgotten at this moment; ask again"));
    }
    with_declared([this, event_id, by_force, handler](const DeclaredEvents* declared) {
      if (declared == nullptr) return handler(core::fail(kUnreachable));
      const auto found = declared->find(event_key(event_id));
      const std::string stands = found == declared->end() ? std::string() : terms_text(found->second);
      change_declaration(event_id, "", false,
                         [this, event_id, by_force, handler, stands](const redis::RedisReply* reply) {
                           if (first_of(reply) < 0) return handler(core::fail(kUnreachable));
                           forget_withdrawn(event_id, by_force, stands, handler);
                         });
    });
  });
}

void LineKeeper::forget_withdrawn(const std::string& event_id, bool by_force, const std::string& stands,
                                  std::function<void(core::Result<Withdrawn>)> handler) {
  const std::uint64_t event = event_key(event_id);
  paces_[event].id = event_id;
  Forgetting so_far;
  so_far.why = by_force ? "force" : "unused";
  so_far.told = [this, event_id, stands, handler = std::move(handler)](Forgotten how) {
    if (how == Forgotten::kYes) return handler(Withdrawn::kGone);
    if (how == Forgotten::kNone) return handler(stands.empty() ? Withdrawn::kNotFound : Withdrawn::kGone);
    const auto answer = [handler, how] {
      if (how == Forgotten::kUnknown) return handler(core::fail(kUnreachable));
      handler(Withdrawn::kInUse);
    };
    if (stands.empty()) return answer();
    change_declaration(event_id, stands, true, [answer](const redis::RedisReply*) { answer(); });
  };
  begin_to_forget(event, std::move(so_far), nullptr);
}

// The rate of a declared event changed: its next life begins with that too.
void LineKeeper::keep_pace_declared(const EventControl& change,
                                    std::function<void(core::Result<std::size_t>)> handler) {
  const std::string text = fmt::format(
      "rate {} burst {}", change.admission_rate ? std::to_string(micro_rate(*change.admission_rate)) : std::string(),
      change.admission_burst ? std::to_string(whole_burst(*change.admission_burst)) : std::string());
  change_declaration(change.event_id, text, false, [handler = std::move(handler)](const redis::RedisReply* reply) {
    if (first_of(reply) < 0) return handler(core::fail(kUnreachable));
    handler(std::size_t{1});
  });
}

// What an operator changes of a declared event that nobody has joined brings it into being.
void LineKeeper::control_declared(const EventControl& change, std::function<void(core::Result<std::size_t>)> handler) {
  with_declared([this, change, handler = std::move(handler)](const DeclaredEvents* declared) {
    if (declared == nullptr) return handler(core::fail(kUnreachable));
    const auto found = declared->find(event_key(change.event_id));
    if (found == declared->end() || found->second.event_id != change.event_id) return handler(std::size_t{0});
    open_declared(change.event_id, [this, change, handler](const redis::RedisReply* opened) {
      if (opened == nullptr || outcome_of(*opened) != 0) return handler(core::fail(kUnreachable));
      control_event(event_key(change.event_id), change, [this, change, handler](const redis::RedisReply* reply) {
        if (reply == nullptr || outcome_of(*reply) != 0) return handler(core::fail(kUnreachable));
        if (!change.admission_rate && !change.admission_burst) return handler(std::size_t{1});
        keep_pace_declared(change, handler);
      });
    });
  });
}

void LineKeeper::open_declared(const std::string& event_id, Replied replied) {
  auto registered = question([this, event_id, replied = std::move(replied)](const redis::RedisReply* reply) {
    if (reply == nullptr || outcome_of(*reply) != 0) return replied(nullptr);
    auto asked = question(replied);
    write_open(asked->request, parts_, event_id, *reply);
    asked->request.idempotent = true;
    ask(std::move(asked));
  });
  ScriptCall(registered->request, *parts_.scripts, LineScript::kRegister, parts_.script_time())
      .events(3)
      .arg(member_of(event_id))
      .arg(std::uint64_t{parts_.options.max_events})
      .arg(0);
  registered->request.idempotent = true;
  ask(std::move(registered));
}

// Events that nobody declared make room before they are as many as may be: the oldest of those in which nobody is, or
// that nobody has come back to.
void LineKeeper::make_room(std::size_t listed) {
  const std::size_t most = parts_.options.max_events;
  if (!parts_.options.line.any_event || listed < most - most / 8) return;
  auto asked = question([this, most](const redis::RedisReply* reply) {
    if (reply == nullptr || reply->elements().size() < std::min(kMostAskedForRoom, most - most / 8)) return;
    for (const redis::RedisReply& member : reply->elements()) {
      const std::string_view text = member.text();
      if (text.size() <= 16) continue;
      const std::uint64_t event = event_key(text.substr(16));
      Pace& pace = paces_[event];
      if (pace.ticking || pace.forgetting) continue;
      pace.id = text.substr(16);
      Forgetting so_far;
      so_far.why = "room";
      so_far.told = [this](Forgotten how) {
        if (how == Forgotten::kYes) parts_.events_evicted.fetch_add(1, std::memory_order_relaxed);
      };
      begin_to_forget(event, std::move(so_far), nullptr);
    }
  });
  asked->request.idempotent = true;
  asked->request.slot = redis::redis_slot(kEventsKey);
  redis::append_command(asked->request.command, "ZRANGE", kUndeclaredKey, "0", std::to_string(kMostAskedForRoom - 1));
  ask(std::move(asked));
}

void LineKeeper::snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  boost::asio::post(loop_, [this, handler = std::move(handler)] {
    if (closing_) return handler(core::fail(kUnreachable));
    with_declared([this, handler](const DeclaredEvents* declared) {
      if (declared == nullptr) return handler(core::fail(kUnreachable));
      with_events([this, handler, declared = *declared](bool found, const std::vector<std::uint64_t>& events) {
        if (!found) return handler(core::fail(kUnreachable));
        snapshot_all(events, declared, handler);
      });
    });
  });
}

void LineKeeper::snapshot_all(const std::vector<std::uint64_t>& events, DeclaredEvents declared,
                              std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  struct All {
    std::vector<EventSnapshot> declared, others;
    DeclaredEvents left;
    bool failed = false;
  };
  auto all = std::make_shared<All>();
  all->left = std::move(declared);
  const Latch done = latch([this, all, handler = std::move(handler)] {
    if (all->failed) return handler(core::fail(kUnreachable));
    for (const auto& [event, terms] : all->left) {
      all->declared.push_back(unused(terms));
      add_terms(all->declared.back(), terms);
    }
    for (EventSnapshot& other : all->others) {
      other.price = parts_.options.line.price;
      other.currency = parts_.options.line.currency;
    }
    std::move(all->others.begin(), all->others.end(), std::back_inserter(all->declared));
    handler(std::move(all->declared));
  });
  for (const std::uint64_t event : events) {
    snapshot_event(event, [all, event, done](bool found, const EventSnapshot& one) {
      all->failed |= !found;
      if (!found) return;
      const auto terms = all->left.find(event);
      if (terms == all->left.end()) return all->others.push_back(one);
      all->declared.push_back(one);
      add_terms(all->declared.back(), terms->second);
      all->left.erase(terms);
    });
  }
}

}  // namespace tacos::gateway
