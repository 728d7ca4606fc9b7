#include "tacos-gateway/store/embedded_store.h"

#include <array>
#include <chrono>
#include <cstring>
#include <utility>

#include <openssl/rand.h>
#include <openssl/sha.h>

namespace tacos::gateway {
namespace {

std::uint32_t random_epoch() {
  std::array<unsigned char, 4> bytes{};
  RAND_bytes(bytes.data(), bytes.size());
  std::uint32_t epoch = 0;
  std::memcpy(&epoch, bytes.data(), bytes.size());
  return epoch;
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

// Events are never taken away, so a session remembers those it has met and looks them up without a lock.
class EmbeddedStore::Session final : public StoreSession {
 public:
  explicit Session(EmbeddedStore& store) : store_(store) {}

  void submit(std::span<StoreCommand* const> batch) override {
    for (std::size_t from = 0; from < batch.size();) {
      Event* const event = event_of(*batch[from]);
      std::size_t to = from + 1;
      while (to < batch.size() && event_of(*batch[to]) == event) ++to;
      run(event, batch.subspan(from, to - from));
      from = to;
    }
    // Outside the lock: a completion writes to a socket.
    for (StoreCommand* command : batch) command->done(*command);
  }

 private:
  Event* event_of(StoreCommand& command) {
    const bool join = command.kind == StoreCommand::Kind::kJoin;
    if (join) {
      command.ref.event = event_key(command.event_id);
      command.ref.epoch = store_.epoch_;
    }
    if (last_ != nullptr && last_key_ == command.ref.event) return last_;
    auto known = known_.find(command.ref.event);
    if (known == known_.end()) {
      Event* const event =
          join ? store_.find_or_make(command.ref.event, command.event_id) : store_.find(command.ref.event);
      if (event == nullptr) return nullptr;
      known = known_.emplace(command.ref.event, event).first;
    }
    last_key_ = command.ref.event;
    last_ = known->second;
    return last_;
  }

  void run(Event* event, std::span<StoreCommand* const> commands) {
    if (event == nullptr) {
      for (StoreCommand* command : commands) {
        const bool join = command->kind == StoreCommand::Kind::kJoin;
        command->outcome = join ? StoreOutcome::kOverloaded : StoreOutcome::kNotFound;
      }
      return;
    }
    const std::lock_guard lock(event->mutex);
    const core::Instant now = store_.clock_.now();
    for (StoreCommand* command : commands) {
      const bool other_event =
          command->kind == StoreCommand::Kind::kJoin && command->event_id != event->line.event_id();
      const bool other_epoch =
          command->ref.epoch != store_.epoch_ && command->kind != StoreCommand::Kind::kReportInventory;
      if (other_event || other_epoch) {
        command->outcome = other_event ? StoreOutcome::kOverloaded : StoreOutcome::kNotFound;
      } else {
        event->line.execute(*command, now, store_.unix_ms_at_origin_);
      }
    }
  }

  EmbeddedStore& store_;
  std::unordered_map<std::uint64_t, Event*> known_;
  std::uint64_t last_key_ = 0;
  Event* last_ = nullptr;
};

EmbeddedStore::EmbeddedStore(EmbeddedStoreOptions options, const core::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      epoch_(random_epoch()),
      unix_ms_at_origin_(unix_ms_at_origin_of(clock)),
      line_(options_.line) {}

EmbeddedStore::~EmbeddedStore() = default;

std::unique_ptr<StoreSession> EmbeddedStore::open_session(boost::asio::any_io_executor) {
  return std::make_unique<Session>(*this);
}

EmbeddedStore::Event* EmbeddedStore::find(std::uint64_t key) {
  const std::shared_lock lock(events_mutex_);
  const auto found = events_.find(key);
  return found == events_.end() ? nullptr : found->second.get();
}

EmbeddedStore::Event* EmbeddedStore::find_or_make(std::uint64_t key, std::string_view event_id) {
  const std::unique_lock lock(events_mutex_);
  if (const auto found = events_.find(key); found != events_.end()) return found->second.get();
  if (events_.size() >= options_.max_events) return nullptr;
  TransitionObserver observer;
  if (options_.observer) {
    observer = [this, id = std::string(event_id)](TicketNumber number, TicketStatus from, TicketStatus to,
                                                  core::Instant at) { options_.observer(id, number, from, to, at); };
  }
  auto event = std::make_unique<Event>(std::string(event_id), line_, clock_.now(), std::move(observer));
  if (starts_paused_ || starts_draining_) {
    EventControl start;
    start.paused = starts_paused_;
    start.draining = starts_draining_;
    event->line.control(start, clock_.now());
  }
  return events_.emplace(key, std::move(event)).first->second.get();
}

std::vector<EmbeddedStore::Event*> EmbeddedStore::all() {
  const std::shared_lock lock(events_mutex_);
  std::vector<Event*> events;
  events.reserve(events_.size());
  for (const auto& [key, event] : events_) events.push_back(event.get());
  return events;
}

void EmbeddedStore::tick() {
  for (Event* event : all()) {
    const std::lock_guard lock(event->mutex);
    event->line.advance(clock_.now());
  }
}

void EmbeddedStore::control(EventControl change, std::function<void(core::Result<std::size_t>)> handler) {
  std::vector<Event*> events;
  if (change.event_id.empty()) {
    events = all();
    const std::unique_lock lock(events_mutex_);
    line_.admission_rate = change.admission_rate.value_or(line_.admission_rate);
    line_.admission_burst = change.admission_burst.value_or(line_.admission_burst);
    starts_paused_ = change.paused.value_or(starts_paused_);
    starts_draining_ = change.draining.value_or(starts_draining_);
  } else if (Event* event = find(event_key(change.event_id))) {
    events.push_back(event);
  } else {
    handler(core::fail("there is no event '" + change.event_id + "'; it comes into being at its first join"));
    return;
  }
  for (Event* event : events) {
    const std::lock_guard lock(event->mutex);
    event->line.control(change, clock_.now());
  }
  handler(events.size());
}

void EmbeddedStore::snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) {
  std::vector<EventSnapshot> snapshots;
  for (Event* event : all()) {
    const std::lock_guard lock(event->mutex);
    snapshots.push_back(event->line.snapshot());
  }
  handler(std::move(snapshots));
}

void EmbeddedStore::ping(std::function<void(core::Result<core::Nanos>)> handler) {
  handler(core::Nanos(0));
}

std::size_t EmbeddedStore::memory_bytes() {
  std::size_t bytes = 0;
  for (Event* event : all()) {
    const std::lock_guard lock(event->mutex);
    bytes += event->line.memory_bytes();
  }
  return bytes;
}

}  // namespace tacos::gateway
