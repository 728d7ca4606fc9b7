#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "measure/run_record.h"

namespace tacos::load {

// Where a worker lays its settled intervals, once a second, for whoever judges the run while it lasts. Only made when
// somebody does. Thread rule: post() by the worker, copy() by the judge.
class LiveRecord {
 public:
  LiveRecord(std::vector<std::string> steps, core::Nanos interval) : record_(std::move(steps), interval) {}

  void post(std::vector<measure::RunRecord::Interval> next) {
    const std::lock_guard lock(mutex_);
    for (auto& interval : next) record_.intervals().push_back(std::move(interval));
  }

  measure::RunRecord copy() const {
    const std::lock_guard lock(mutex_);
    return record_;
  }

 private:
  mutable std::mutex mutex_;
  measure::RunRecord record_;
};

}  // namespace tacos::load
