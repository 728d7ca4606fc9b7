#include "tacos-gateway/store/embedded_store.h"

#include <array>
#include <chrono>
#include <utility>

#include <openssl/sha.h>

#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

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
      Event* const event = event_of(*batch[from]);
      std::size_t to = from + 1;
      while (to < batch.size() && event_of(*batch[to]) == event) ++to;
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

  Event* event_of(StoreCommand& command) {
    const bool join = command.kind == StoreCommand::Kind::kJoin;
    if (join) command.ref.event = event_key(command.event_id);
    if (last_ != nullptr && last_key_ == command.ref.event) return last_;
    auto known = known_.find(command.ref.event);
    if (known == known_.end()) {
      EventPointer event =
          join ? store_.find_or_make(command.ref.event, command.event_id) : store_.find(command.ref.event);
      if (event == nullptr) return nullptr;
      known = known_.emplace(command.ref.event, std::move(event)).first;
    }
    last_key_ = command.ref.event;
    last_ = known->second.get();
    return last_;
  }

  // False, with nothing done, when the event was forgotten after it was looked up.
  bool run(Event* event, std::span<StoreCommand* const> commands) {
    if (event == nullptr) {
      for (StoreCommand* command : commands) {
        const bool join = command->kind == StoreCommand::Kind::kJoin;
        command->outcome = join ? StoreOutcome::kOverloaded : StoreOutcome::kNotFound;
      }
      return true;
    }
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
    return true;
  }

  EmbeddedStore& store_;
  std::unordered_map<std::uint64_t, EventPointer> known_;
  std::uint64_t last_key_ = 0;
  Event* last_ = nullptr;
  std::uint64_t forgotten_ = 0;  // events, when known_ was begun
};

EmbeddedStore::EmbeddedStore(EmbeddedStoreOptions options, const core::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      unix_ms_at_origin_(unix_ms_at_origin_of(clock)),
      line_(options_.line) {}

EmbeddedStore::~EmbeddedStore() = default;

std::unique_ptr<StoreSession> EmbeddedStore::open_session(boost::asio::any_io_executor) {
  return std::make_unique<Session>(*this);
}

EmbeddedStore::EventPointer EmbeddedStore::find(std::uint64_t key) {
  const std::shared_lock lock(events_mutex_);
  const auto found = events_.find(key);
  return found == events_.end() ? nullptr : found->second;
}

EmbeddedStore::EventPointer EmbeddedStore::find_or_make(std::uint64_t key, std::string_view event_id) {
  const std::unique_lock lock(events_mutex_);
  if (const auto found = events_.find(key); found != events_.end()) return found->second;
  if (events_.size() >= options_.max_events) return nullptr;
  TransitionObserver observer;
  if (options_.observer) {
    observer = [this, id = std::string(event_id)](TicketNumber number, TicketStatus from, TicketStatus to,
                                                  core::Instant at) { options_.observer(id, number, from, to, at); };
  }
  auto event = std::make_shared<Event>();
  event->epoch = random_epoch();
  event->line = std::make_unique<EventLine>(std::string(event_id), line_, clock_.now(), std::move(observer));
  if (starts_paused_ || starts_draining_) {
    EventControl start;
    start.paused = starts_paused_;
    start.draining = starts_draining_;
    event->line->control(start, clock_.now());
  }
  return events_.emplace(key, std::move(event)).first->second;
}

std::vector<EmbeddedStore::EventPointer> EmbeddedStore::all() {
  const std::shared_lock lock(events_mutex_);
  std::vector<EventPointer> events;
  events.reserve(events_.size());
  for (const auto& [key, event] : events_) events.push_back(event);
  return events;
}

void EmbeddedStore::tick() {
  for (const EventPointer& event : all()) {
    bool over = false;
    {
      const std::lock_guard lock(event->mutex);
      if (!event->line) continue;
      const core::Instant now = clock_.now();
      event->line->advance(now);
      over = event->line->may_be_forgotten(now);
    }
    if (over) forget(*event);
  }
}

void EmbeddedStore::forget(Event& event) {
  std::unique_ptr<EventLine> line;  // freed after the locks: a long line takes milliseconds
  const std::unique_lock events_lock(events_mutex_);
  const std::lock_guard lock(event.mutex);
  if (!event.line || !event.line->may_be_forgotten(clock_.now())) return;
  const std::uint64_t key = event_key(event.line->event_id());
  line = std::move(event.line);
  events_.erase(key);
  forgotten_.fetch_add(1, std::memory_order_release);
  if (options_.on_forgotten) options_.on_forgotten(key);
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
  } else if (EventPointer event = find(event_key(change.event_id))) {
    events.push_back(std::move(event));
  }
  std::size_t changed = 0;
  for (const EventPointer& event : events) {
    const std::lock_guard lock(event->mutex);
    if (!event->line) continue;  // being forgotten
    event->line->control(change, clock_.now());
    ++changed;
  }
  handler(changed);
}

void EmbeddedStore::snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  std::vector<EventSnapshot> snapshots;
  for (const EventPointer& event : all()) {
    const std::lock_guard lock(event->mutex);
    if (event->line) snapshots.push_back(event->line->snapshot());
  }
  handler(std::move(snapshots));
}

void EmbeddedStore::ping(std::function<void(core::Result<core::Nanos>)> handler) {
  handler(core::Nanos(0));
}

std::vector<StoreMetric> EmbeddedStore::metrics() const {
  return {{"queue_events_forgotten_total", "Events forgotten because they were over.", true,
           static_cast<double>(forgotten_.load(std::memory_order_relaxed))}};
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
