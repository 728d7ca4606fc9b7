// The embedded store's cold paths: what operators declare, change and see of events.
#include <iterator>
#include <utility>

#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {

std::optional<EventTerms> EmbeddedStore::terms(std::uint64_t event) const {
  const std::shared_lock lock(terms_mutex_);
  const auto found = terms_.find(event);
  return found == terms_.end() ? std::nullopt : std::optional(found->second);
}

void EmbeddedStore::declare(EventTerms declared, Redeclare how, std::function<void(core::Result<Declared>)> handler) {
  const std::uint64_t key = event_key(declared.event_id);
  Declared told = Declared::kMade;
  {
    const std::unique_lock lock(events_mutex_);
    const std::optional<EventTerms> before = terms(key);
    const auto found = events_.find(key);
    if (before && how == Redeclare::kKeep) {
      told = Declared::kKept;
    } else if (!before && terms_.size() >= options_.max_events) {
      told = Declared::kFull;
    } else if (found != events_.end()) {
      Event& event = *found->second;
      const std::lock_guard event_lock(event.mutex);
      const bool same_price = declared.price == (before ? before->price : options_.line.price) &&
                              declared.currency == (before ? before->currency : options_.line.currency);
      told = event.line->redeclare(declared, same_price, opening_of(declared), clock_.now());
      if (told == Declared::kChanged && !event.declared.exchange(true)) --undeclared_;
      if (told == Declared::kChanged && !before) told = Declared::kMade;
    } else if (before) {
      told = Declared::kChanged;
    }
    if (told == Declared::kMade || told == Declared::kChanged) {
      const std::unique_lock terms_lock(terms_mutex_);
      terms_.insert_or_assign(key, std::move(declared));
    }
  }
  handler(told);
}

void EmbeddedStore::withdraw(std::string event_id, bool by_force,
                             std::function<void(core::Result<Withdrawn>)> handler) {
  const std::uint64_t key = event_key(event_id);
  Withdrawn told = Withdrawn::kNotFound;
  {
    std::unique_ptr<EventLine> line;
    const std::unique_lock lock(events_mutex_);
    const auto found = events_.find(key);
    if (found != events_.end()) {
      const EventPointer event = found->second;
      const std::lock_guard event_lock(event->mutex);
      told = event->line->is_in_use() && !by_force ? Withdrawn::kInUse : Withdrawn::kGone;
      if (told == Withdrawn::kGone) {
        line = std::move(event->line);
        erase(event, key);
      }
    }
    if (told != Withdrawn::kInUse) {
      const std::unique_lock terms_lock(terms_mutex_);
      if (terms_.erase(key) > 0) told = Withdrawn::kGone;
    }
  }
  handler(told);
}

// What an operator changes of an event that nobody has joined yet brings it into being.
EmbeddedStore::EventPointer EmbeddedStore::find_declared(const std::string& event_id) {
  const std::uint64_t key = event_key(event_id);
  const std::unique_lock lock(events_mutex_);
  if (const auto found = events_.find(key); found != events_.end()) return found->second;
  const std::optional<EventTerms> declared = terms(key);
  return declared && declared->event_id == event_id ? make(key, event_id, declared) : nullptr;
}

// So that what is told of an event, and the event's next life, is as it was changed.
void EmbeddedStore::change_terms(const EventControl& change) {
  const std::unique_lock lock(terms_mutex_);
  for (auto& [key, declared] : terms_) {
    if (!change.event_id.empty() && declared.event_id != change.event_id) continue;
    declared.admission_rate = change.admission_rate.value_or(declared.admission_rate);
    declared.admission_burst = change.admission_burst.value_or(declared.admission_burst);
  }
}

void EmbeddedStore::control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) {
  std::vector<EventPointer> events;
  if (change.event_id.empty()) {
    events = all();
    const std::unique_lock lock(events_mutex_);
    line_.admission_rate = change.admission_rate.value_or(line_.admission_rate);
    line_.admission_burst = change.admission_burst.value_or(line_.admission_burst);
    starts_paused_ = change.paused.value_or(starts_paused_);
    starts_draining_ = change.draining.value_or(starts_draining_);
  } else if (EventPointer event = find_declared(change.event_id)) {
    events.push_back(std::move(event));
  }
  if (change.admission_rate || change.admission_burst) change_terms(change);
  std::size_t changed = 0;
  for (const EventPointer& event : events) {
    const std::lock_guard lock(event->mutex);
    if (!event->line) continue;  // being forgotten
    event->line->control(change, clock_.now());
    ++changed;
  }
  handler(changed);
}

// Of an event that is declared and that nobody has joined.
EventSnapshot EmbeddedStore::unused(const EventTerms& declared) const {
  EventSnapshot snapshot;
  snapshot.event_id = declared.event_id;
  snapshot.admission_rate = declared.admission_rate;
  snapshot.inventory.free = declared.seats;
  return snapshot;
}

void EmbeddedStore::snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  std::vector<EventSnapshot> snapshots;
  std::unordered_map<std::uint64_t, EventTerms> left;
  {
    const std::shared_lock lock(terms_mutex_);
    left = terms_;
  }
  const auto add = [&snapshots](EventSnapshot one, const EventTerms& declared) {
    one.declared = true;
    one.opens_unix_ms = declared.opens_unix_ms;
    one.price = declared.price;
    one.currency = declared.currency;
    one.terms = declared;
    snapshots.push_back(std::move(one));
  };
  std::vector<EventSnapshot> undeclared;
  for (const EventPointer& event : all()) {
    const std::lock_guard lock(event->mutex);
    if (!event->line) continue;
    EventSnapshot one = event->line->snapshot();
    const auto found = left.find(event_key(one.event_id));
    if (found == left.end()) {
      one.price = options_.line.price;
      one.currency = options_.line.currency;
      undeclared.push_back(std::move(one));
      continue;
    }
    add(std::move(one), found->second);
    left.erase(found);
  }
  for (const auto& [key, declared] : left) add(unused(declared), declared);
  std::move(undeclared.begin(), undeclared.end(), std::back_inserter(snapshots));
  handler(std::move(snapshots));
}

}  // namespace tacos::gateway
