#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Gathers what operators ask for, by a thread of its own: to look at every event takes long, and nobody who waits for
// a turn shall wait for it. All who ask while one report is made share the next one, so that nobody ever gets one that
// is older than the question, and any number of scrapers costs as much as one.
//
// The page of metrics is made again only after kPausePerWork times as long as it took to make, kLongestPause at most:
// it never takes more than a twentieth of a core, and who asks sooner waits for it.
//
// Thread rule: ask…() from any thread. What is called back is called on the thread of the reports, once or, when the
// reports go away first, never.
class OperatorReports {
 public:
  using Snapshots = core::Result<std::vector<EventSnapshot>>;
  using Page = std::shared_ptr<const std::string>;
  using WithSnapshots = std::function<void(const Snapshots&)>;
  using WithPage = std::function<void(const Page&)>;

  static constexpr std::size_t kMostWaiting = 64;  // for each of the two
  static constexpr int kPausePerWork = 20;
  static constexpr core::Nanos kLongestPause = std::chrono::seconds(1);
  static constexpr core::Nanos kStorePatience = std::chrono::seconds(5);

  // make_page: what GET /metrics answers, from the events.
  OperatorReports(QueueStore& store, std::function<std::string(const Snapshots&)> make_page);
  ~OperatorReports();

  // Whether it was taken on: false when too many wait already.
  [[nodiscard]] bool ask_snapshots(WithSnapshots then);
  [[nodiscard]] bool ask_page(WithPage then);

 private:
  void run();
  Snapshots take_snapshots();

  QueueStore& store_;
  const std::function<std::string(const Snapshots&)> make_page_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<WithSnapshots> snapshots_wanted_;
  std::vector<WithPage> pages_wanted_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tacos::gateway
