#include "tacos-gateway/store/embedded_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include <openssl/sha.h>

#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

// Events that a tick asks whether they are over: at 100 ticks a second 100,000 are asked once a minute.
constexpr std::size_t kLooksPerTick = 16;
// Events that are asked whether they may make room for another.
constexpr std::size_t kMostAskedForRoom = 64;

std::uint32_t random_epoch() {
  return static_cast<std::uint32_t>(SecureRandom::of_this_thread().next());
}

std::int64_t unix_ms_at_origin_of(const core::Clock& clock) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto unix_now = std::chrono::system_clock::now().time_since_epoch();
  return duration_cast<milliseconds>(unix_now).count() -
         duration_cast<milliseconds>(clock.now().since_origin()).count();
}

}  // namespace

std::uint64_t event_key(std::string_view event_id) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(event_id.data()), event_id.size(), digest.data());
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | digest[i];
  return key;
}

// Remembers the events it has met and looks them up without the store's lock, until one is forgotten.
class EmbeddedStore::Session final : public StoreSession {
 public:
  explicit Session(EmbeddedStore& store) : store_(store) {}

  void submit(std::span<StoreCommand* const> batch) override {
    for (std::size_t from = 0; from < batch.size();) {
      if (store_.forgotten_.load(std::memory_order_acquire) != forgotten_) look_up_again();
      refusal_ = StoreOutcome::kNotFound;
      const EventPointer* const event = event_of(*batch[from]);
      std::size_t to = from + 1;
      // Each that finds none is refused for its own reason.
      while (event != nullptr && to < batch.size() && event_of(*batch[to]) == event) ++to;
      if (run(event, batch.subspan(from, to - from))) {
        from = to;
      } else {
        look_up_again();
      }
    }
    // Outside the lock: a completion writes to a socket.
    for (StoreCommand* command : batch) command->done(*command);
  }

 private:
  void look_up_again() {
    forgotten_ = store_.forgotten_.load(std::memory_order_acquire);
    known_.clear();
    last_ = nullptr;
  }

  const EventPointer* event_of(StoreCommand& command) {
    const bool join = command.kind == StoreCommand::Kind::kJoin;
    if (join) command.ref.event = event_key(command.event_id);
    if (last_ != nullptr && last_key_ == command.ref.event) return last_;
    auto known = known_.find(command.ref.event);
    if (known == known_.end()) {
      EventPointer event =
          join ? store_.find_or_make(command.ref.event, command.event_id, refusal_) : store_.find(command.ref.event);
      if (event == nullptr) return nullptr;
      known = known_.emplace(command.ref.event, std::move(event)).first;
    }
    last_key_ = command.ref.event;
    last_ = &known->second;
    return last_;
  }

  // False, with nothing done, when the event was forgotten after it was looked up.
  bool run(const EventPointer* known, std::span<StoreCommand* const> commands) {
    if (known == nullptr) {
      for (StoreCommand* command : commands) command->outcome = refusal_;
      return true;
    }
    Event* const event = known->get();
    const std::lock_guard lock(event->mutex);
    if (!event->line) return false;
    const core::Instant now = store_.clock_.now();
    for (StoreCommand* command : commands) {
      const bool join = command->kind == StoreCommand::Kind::kJoin;
      if (join) command->ref.epoch = event->epoch;
      const bool other_event = join && command->event_id != event->line->event_id();
      const bool other_epoch =
          command->ref.epoch != event->epoch && command->kind != StoreCommand::Kind::kReportInventory;
      if (other_event || other_epoch) {
        command->outcome = other_event ? StoreOutcome::kOverloaded : StoreOutcome::kNotFound;
      } else {
        event->line->execute(*command, now, store_.unix_ms_at_origin_);
      }
    }
    if (!event->ticking) store_.wake(*known);
    return true;
  }

  EmbeddedStore& store_;
  std::unordered_map<std::uint64_t, EventPointer> known_;  // its nodes stay where they are
  std::uint64_t last_key_ = 0;
  const EventPointer* last_ = nullptr;
  StoreOutcome refusal_ = StoreOutcome::kNotFound;  // why there is no event
  std::uint64_t forgotten_ = 0;                     // events, when known_ was begun
};

EmbeddedStore::EmbeddedStore(EmbeddedStoreOptions options, const core::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      unix_ms_at_origin_(unix_ms_at_origin_of(clock)),
      line_(options_.line),
      made_at_(clock.now()) {}

EmbeddedStore::~EmbeddedStore() = default;

std::unique_ptr<StoreSession> EmbeddedStore::open_session(boost::asio::any_io_executor) {
  return std::make_unique<Session>(*this);
}

EmbeddedStore::EventPointer EmbeddedStore::find(std::uint64_t key) {
  const std::shared_lock lock(events_mutex_);
  const auto found = events_.find(key);
  return found == events_.end() ? nullptr : found->second;
}

EmbeddedStore::EventPointer EmbeddedStore::find_or_make(std::uint64_t key, std::string_view event_id,
                                                        StoreOutcome& outcome) {
  if (EventPointer known = find(key)) return known;
  if (!options_.line.any_event && !terms(key)) {
    refused_undeclared_.fetch_add(1, std::memory_order_relaxed);
    outcome = StoreOutcome::kNotDeclared;
    return nullptr;
  }
  // A declaration and its withdrawal hold this lock too.
  const std::unique_lock lock(events_mutex_);
  if (const auto found = events_.find(key); found != events_.end()) return found->second;
  const std::optional<EventTerms> declared = terms(key);
  // Two ids of one key are one event to every token: the second is not taken.
  const bool is_declared = declared && declared->event_id == event_id;
  if (!is_declared && (declared || !options_.line.any_event)) {
    refused_undeclared_.fetch_add(1, std::memory_order_relaxed);
    outcome = StoreOutcome::kNotDeclared;
    return nullptr;
  }
  if (!is_declared && undeclared_ >= options_.max_events && !make_place()) {
    refused_full_.fetch_add(1, std::memory_order_relaxed);
    outcome = StoreOutcome::kOverloaded;
    return nullptr;
  }
  return make(key, event_id, declared);
}

core::Instant EmbeddedStore::opening_of(const std::optional<EventTerms>& declared) const {
  if (!declared) return made_at_ + options_.line.opening_delay;
  return core::Instant(std::chrono::milliseconds(declared->opens_unix_ms - unix_ms_at_origin_));
}

// With events_mutex_ held.
EmbeddedStore::EventPointer EmbeddedStore::make(std::uint64_t key, std::string_view event_id,
                                                const std::optional<EventTerms>& declared) {
  TransitionObserver observer;
  if (options_.observer) {
    observer = [this, id = std::string(event_id)](TicketNumber number, TicketStatus from, TicketStatus to,
                                                  core::Instant at) { options_.observer(id, number, from, to, at); };
  }
  LineOptions line = line_;
  if (declared) {
    line.seats = declared->seats;
    line.admission_rate = declared->admission_rate;
    line.admission_burst = declared->admission_burst;
  }
  auto event = std::make_shared<Event>();
  event->epoch = random_epoch();
  event->declared = declared.has_value();
  event->line =
      std::make_unique<EventLine>(std::string(event_id), line, clock_.now(), opening_of(declared), std::move(observer));
  if (starts_paused_ || starts_draining_) {
    EventControl start;
    start.paused = starts_paused_;
    start.draining = starts_draining_;
    event->line->control(start, clock_.now());
  }
  if (!declared) ++undeclared_;
  event->serial = next_serial_++;
  in_order_.emplace(event->serial, event);
  return events_.emplace(key, std::move(event)).first->second;
}

// With events_mutex_ held: the oldest event that nobody declared and nobody is in makes room for another; where users
// are in all of them, the oldest that none of its users has come back to. False when there is none among the oldest.
bool EmbeddedStore::make_place() {
  for (const bool only_unused : {true, false}) {
    std::size_t asked = 0;
    for (auto at = in_order_.begin(); at != in_order_.end() && asked < kMostAskedForRoom; ++at) {
      const EventPointer event = at->second;
      if (event->declared) continue;
      ++asked;
      const std::lock_guard lock(event->mutex);
      const bool goes = only_unused ? !event->line->is_in_use() : !event->line->has_been_asked_about();
      if (!goes) continue;
      erase(event, event_key(event->line->event_id()));
      evicted_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

std::vector<EmbeddedStore::EventPointer> EmbeddedStore::all() {
  const std::shared_lock lock(events_mutex_);
  std::vector<EventPointer> events;
  events.reserve(events_.size());
  for (const auto& [key, event] : events_) events.push_back(event);
  return events;
}

void EmbeddedStore::wake(const EventPointer& event) {
  if (event->ticking || event->line->is_quiet()) return;
  event->ticking = true;
  const std::lock_guard lock(ticking_mutex_);
  ticking_.push_back(event);
}

void EmbeddedStore::tick() {
  std::vector<EventPointer> events;
  {
    const std::lock_guard lock(ticking_mutex_);
    events.swap(ticking_);
  }
  const auto is_done = [this](const EventPointer& event) {
    const std::lock_guard lock(event->mutex);
    if (event->line) event->line->advance(clock_.now());
    event->ticking = event->line && !event->line->is_quiet();
    return !event->ticking;
  };
  std::erase_if(events, is_done);
  {
    const std::lock_guard lock(ticking_mutex_);
    if (ticking_.empty()) {
      ticking_.swap(events);
    } else {
      ticking_.insert(ticking_.end(), events.begin(), events.end());
    }
  }
  look_for_ended();
}

void EmbeddedStore::look_for_ended() {
  std::vector<EventPointer> over;
  {
    const std::shared_lock lock(events_mutex_);
    auto at = in_order_.lower_bound(look_at_.load(std::memory_order_relaxed));
    for (std::size_t i = std::min(kLooksPerTick, in_order_.size()); i > 0; --i) {
      if (at == in_order_.end()) at = in_order_.begin();
      const EventPointer& event = at->second;
      const std::lock_guard event_lock(event->mutex);
      if (event->line && event->line->may_be_forgotten(clock_.now())) over.push_back(event);
      ++at;
    }
    // Two ticks at once look at the same ones, which does no harm.
    look_at_.store(at == in_order_.end() ? 0 : at->first, std::memory_order_relaxed);
  }
  for (const EventPointer& event : over) forget(event, true);
}

// With events_mutex_ and the event's held. What is declared of it stays.
void EmbeddedStore::erase(const EventPointer& event, std::uint64_t key) {
  event->line.reset();
  if (!event->declared) --undeclared_;
  events_.erase(key);
  in_order_.erase(event->serial);
  forgotten_.fetch_add(1, std::memory_order_release);
  if (options_.on_forgotten) options_.on_forgotten(key);
}

bool EmbeddedStore::forget(const EventPointer& event, bool only_if_over) {
  std::unique_ptr<EventLine> line;  // freed after the locks: a long line takes milliseconds
  const std::unique_lock events_lock(events_mutex_);
  const std::lock_guard lock(event->mutex);
  if (!event->line || (only_if_over && !event->line->may_be_forgotten(clock_.now()))) return false;
  const std::uint64_t key = event_key(event->line->event_id());
  line = std::move(event->line);
  erase(event, key);
  return true;
}

void EmbeddedStore::ping(std::function<void(core::Result<core::Nanos>)> handler) {
  handler(core::Nanos(0));
}

std::vector<StoreMetric> EmbeddedStore::metrics() const {
  const auto of = [](const std::atomic<std::uint64_t>& count) {
    return static_cast<double>(count.load(std::memory_order_relaxed));
  };
  return {
      {"queue_events_forgotten_total", "Events forgotten: they were over, were withdrawn, or made room.", true,
       of(forgotten_)},
      {"queue_events_evicted_total", "Of these, undeclared events that made room for another.", true, of(evicted_)},
      {"queue_events_refused_full_total", "Joins refused because no other undeclared event may come into being.", true,
       of(refused_full_)},
      {"queue_events_refused_undeclared_total", "Joins refused because their event is not declared.", true,
       of(refused_undeclared_)},
  };
}

std::size_t EmbeddedStore::memory_bytes() {
  std::size_t bytes = 0;
  for (const EventPointer& event : all()) {
    const std::lock_guard lock(event->mutex);
    if (event->line) bytes += event->line->memory_bytes();
  }
  return bytes;
}

}  // namespace tacos::gateway
