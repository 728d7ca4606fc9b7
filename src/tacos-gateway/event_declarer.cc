#include "tacos-gateway/event_declarer.h"

#include <chrono>
#include <map>
#include <utility>

namespace tacos::gateway {
namespace {

constexpr auto kRetry = std::chrono::seconds(1);

}  // namespace

struct EventDeclarer::Work {
  Work(QueueStore& the_store, GatewayLog& the_log) : store(the_store), log(the_log) {}

  QueueStore& store;
  GatewayLog& log;
  std::mutex mutex;
  std::condition_variable wake;
  bool closing = false;
  // What the store could not be told yet; the latest of each event.
  std::map<std::string, std::pair<EventTerms, Redeclare>> waiting;
};

EventDeclarer::EventDeclarer(QueueStore& store, GatewayLog& log) : work_(std::make_shared<Work>(store, log)) {
  retries_ = std::thread([work = work_] {
    std::unique_lock lock(work->mutex);
    while (!work->closing) {
      if (work->waiting.empty()) {
        work->wake.wait(lock);
        continue;
      }
      if (work->wake.wait_for(lock, kRetry, [&] { return work->closing; })) return;
      const auto again = std::exchange(work->waiting, {});
      lock.unlock();
      for (const auto& [id, what] : again) ask(work, what.first, what.second);
      lock.lock();
    }
  });
}

EventDeclarer::~EventDeclarer() {
  {
    const std::lock_guard lock(work_->mutex);
    work_->closing = true;
  }
  work_->wake.notify_all();
  retries_.join();
}

void EventDeclarer::declare(const std::vector<EventTerms>& events) {
  for (const EventTerms& terms : events) {
    named_.insert_or_assign(terms.event_id, terms);
    ask(work_, terms, Redeclare::kKeep);
  }
}

void EventDeclarer::replace(const std::vector<EventTerms>& events) {
  const std::map<std::string, EventTerms> before = std::exchange(named_, {});
  for (const EventTerms& terms : events) {
    named_.insert_or_assign(terms.event_id, terms);
    const auto was = before.find(terms.event_id);
    if (was == before.end() || !(was->second == terms)) ask(work_, terms, Redeclare::kReplace);
  }
  for (const auto& [id, terms] : before) {
    if (!named_.contains(id)) withdraw(id);
  }
}

void EventDeclarer::withdraw(const std::string& id) {
  work_->store.withdraw(id, false, [work = work_, id](const core::Result<Withdrawn>& result) {
    const std::lock_guard lock(work->mutex);
    if (work->closing) return;
    if (result.has_error()) {
      work->log.error("an event that the file no longer names was not withdrawn",
                      {{"event", std::string_view(id)}, {"reason", std::string_view(result.error().message)}});
    } else if (*result == Withdrawn::kInUse) {
      work->log.write(GatewayLog::Level::kWarn, "an event that the file no longer names is in use and stays",
                      {{"event", std::string_view(id)}});
    } else {
      work->log.info("event withdrawn", {{"event", std::string_view(id)}});
    }
  });
}

void EventDeclarer::ask(const std::shared_ptr<Work>& work, const EventTerms& terms, Redeclare how) {
  work->store.declare(terms, how, [work, terms, how](const core::Result<Declared>& result) {
    const std::lock_guard lock(work->mutex);
    if (work->closing) return;
    const std::string_view id = terms.event_id;
    if (result.has_error()) {
      // One that is asked for later, such as by a reload, is not put back by an earlier one.
      work->waiting.try_emplace(terms.event_id, terms, how);
      work->wake.notify_all();
      return;
    }
    switch (*result) {
      case Declared::kMade:
        return work->log.info("event declared", {{"event", id}, {"seats", terms.seats}});
      case Declared::kChanged:
        return work->log.info("event declared again", {{"event", id}, {"seats", terms.seats}});
      case Declared::kKept:
        return work->log.info("event is declared already: its terms stand", {{"event", id}});
      case Declared::kFull:
        return work->log.error("event not declared: there are as many as may be",
                               {{"event", id}, {"option", std::string_view("--max-events")}});
      case Declared::kInUse:
        return work->log.error("event not changed: somebody has joined, so that seats and price stand",
                               {{"event", id}});
      case Declared::kHasOpened:
        return work->log.error("event not changed: it has opened", {{"event", id}});
    }
  });
}

}  // namespace tacos::gateway
