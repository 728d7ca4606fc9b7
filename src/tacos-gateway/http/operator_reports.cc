#include "tacos-gateway/http/operator_reports.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tacos::gateway {

using Clock = std::chrono::steady_clock;

namespace {
constexpr auto kStopNoticed = std::chrono::milliseconds(50);
}

OperatorReports::OperatorReports(QueueStore& store, std::function<std::string(const Snapshots&)> make_page)
    : store_(store), make_page_(std::move(make_page)) {
  thread_ = std::thread([this] { run(); });
}

OperatorReports::~OperatorReports() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool OperatorReports::ask_snapshots(WithSnapshots then) {
  {
    const std::lock_guard lock(mutex_);
    if (snapshots_wanted_.size() >= kMostWaiting) return false;
    snapshots_wanted_.push_back(std::move(then));
  }
  wake_.notify_one();
  return true;
}

bool OperatorReports::ask_page(WithPage then) {
  {
    const std::lock_guard lock(mutex_);
    if (pages_wanted_.size() >= kMostWaiting) return false;
    pages_wanted_.push_back(std::move(then));
  }
  wake_.notify_one();
  return true;
}

void OperatorReports::run() {
  Clock::time_point next_page = Clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto is_due = [&] {
      return stopping_ || !snapshots_wanted_.empty() || (!pages_wanted_.empty() && Clock::now() >= next_page);
    };
    while (!is_due()) {
      pages_wanted_.empty() ? wake_.wait(lock) : static_cast<void>(wake_.wait_until(lock, next_page));
    }
    if (stopping_) return;
    const auto for_snapshots = std::exchange(snapshots_wanted_, {});
    std::vector<WithPage> for_pages;
    if (Clock::now() >= next_page) for_pages.swap(pages_wanted_);
    lock.unlock();

    const Clock::time_point began = Clock::now();
    const Snapshots snapshots = take_snapshots();
    for (const WithSnapshots& then : for_snapshots) then(snapshots);
    if (!for_pages.empty()) {
      const auto page = std::make_shared<const std::string>(make_page_(snapshots));
      for (const WithPage& then : for_pages) then(page);
      const Clock::time_point ended = Clock::now();
      next_page = ended + std::min<Clock::duration>(kPausePerWork * (ended - began), kLongestPause);
    }
    lock.lock();
  }
}

// A store that never answers is not waited for: the report is made without it.
OperatorReports::Snapshots OperatorReports::take_snapshots() {
  struct Answer {
    std::mutex mutex;
    std::condition_variable arrived;
    Snapshots snapshots = core::fail("the store does not answer");
    bool is_there = false;
  };
  const auto answer = std::make_shared<Answer>();
  store_.snapshot([answer](Snapshots snapshots) {
    const std::lock_guard lock(answer->mutex);
    answer->snapshots = std::move(snapshots);
    answer->is_there = true;
    answer->arrived.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  const Clock::time_point limit = Clock::now() + kStorePatience;
  while (!answer->is_there && Clock::now() < limit && !stopping_) answer->arrived.wait_for(lock, kStopNoticed);
  return std::move(answer->snapshots);
}

}  // namespace tacos::gateway
