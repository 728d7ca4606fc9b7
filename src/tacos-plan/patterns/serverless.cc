#include "tacos-plan/patterns/serverless.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "tacos-plan/patterns/station.h"
#include "tacos-plan/patterns/stock.h"

namespace tacos::plan {
namespace {

// Execution environments: busy, warm or yet to be made. A run takes a fixed time, longer when the environment has to be
// made first, so that two queues hold the runs in order of their ends. Thread rule: none.
class Functions {
 public:
  explicit Functions(const ServerlessParameters& p)
      : meter_("Lambda", p.concurrency / p.function_sec),
        limit_(p.concurrency),
        more_per_10s_(p.environments_per_10s),
        warm_ticks_(ticks(p.function_sec)),
        cold_ticks_(ticks(p.function_sec + p.cold_start_sec)) {}

  bool start(const Attempt& attempt, std::uint32_t now, double now_sec) {
    meter_.ask(now_sec);
    const double busy = static_cast<double>(warm_.size() + cold_.size());
    if (busy < made_) {
      warm_.push_back({now + warm_ticks_, attempt});
    } else if (made_ + 1 <= std::min(limit_, more_per_10s_ * (1 + std::floor(now_sec / 10)))) {
      ++made_;
      cold_.push_back({now + cold_ticks_, attempt});
    } else {
      meter_.refuse();
      return false;
    }
    ++runs_;
    most_ = std::max(most_, busy + 1);
    return true;
  }

  template <class Done>
  void finish(std::uint32_t now, Done done) {
    for (std::deque<Run>* runs : {&warm_, &cold_}) {
      while (!runs->empty() && runs->front().ends <= now) {
        const Attempt attempt = runs->front().attempt;
        runs->pop_front();
        done(attempt);
      }
    }
  }

  LoadMeter& meter() { return meter_; }
  double runs() const { return runs_; }
  double made() const { return made_; }
  double most() const { return most_; }

 private:
  struct Run {
    std::uint32_t ends = 0;
    Attempt attempt;
  };
  static std::uint32_t ticks(double seconds) {
    return static_cast<std::uint32_t>(std::max(1.0, std::round(seconds / kPatternTickSec)));
  }

  LoadMeter meter_;
  double limit_;
  double more_per_10s_;
  std::uint32_t warm_ticks_, cold_ticks_;
  std::deque<Run> warm_, cold_;
  double made_ = 0;
  double runs_ = 0;
  double most_ = 0;
};

class ServerlessRun {
 public:
  ServerlessRun(const ServerlessParameters& parameters, std::uint64_t seed)
      : parameters_(parameters),
        crowd_(parameters.crowd, seed),
        api_("API Gateway", parameters.api_per_sec, parameters.api_burst),
        functions_(parameters),
        table_("DynamoDB table, write units", parameters.table_writes_per_sec, parameters.table_writes_per_sec),
        hot_("DynamoDB, the hot item", parameters.hot_item_writes_per_sec, parameters.hot_item_writes_per_sec),
        stock_(parameters.seats, 0) {}

  PatternRun play() {
    while (!crowd_.all_over() && !crowd_.at_horizon()) {
      api_.tick();
      table_.tick();
      hot_.tick();
      crowd_.tick([&](const Attempt& attempt) { ask(attempt); }, [](std::uint32_t) {});
      functions_.finish(crowd_.now(), [&](const Attempt& attempt) { sell(attempt); });
    }
    return summary();
  }

 private:
  void ask(const Attempt& attempt) {
    if (!api_.take(crowd_.now_sec())) return crowd_.refuse(attempt);
    ++use_.requests;
    if (!functions_.start(attempt, crowd_.now(), crowd_.now_sec())) crowd_.refuse(attempt);
  }

  void sell(const Attempt& attempt) {
    const bool live = crowd_.is_live(attempt);
    const bool buys = crowd_.buys();
    if (!buys || stock_.gone()) {
      if (live) crowd_.end(attempt.who, buys ? Outcome::kSoldOut : Outcome::kDeclined);
      return;
    }
    const double now_sec = crowd_.now_sec();
    const double units = parameters_.units_per_purchase;
    const double hot_units = units * parameters_.hot_item_share;
    if (hot_units > 0 && !hot_.take(now_sec, hot_units)) return crowd_.refuse(attempt);
    if (!table_.take(now_sec, units)) return crowd_.refuse(attempt);
    const std::uint32_t got = stock_.take(now_sec, crowd_.tickets(), crowd_.random());
    ++use_.purchases;
    if (live) {
      crowd_.end(attempt.who, Outcome::kSeat);
    } else {
      to_nobody_ += got;
    }
  }

  PatternRun summary() {
    PatternRun run;
    crowd_.summarise(run);
    run.seats_sold = stock_.sold();
    run.oversold = stock_.oversold();
    run.sold_to_nobody = to_nobody_;
    run.sold_out_sec = stock_.gone_at_sec();
    run.most_workers = functions_.most();
    run.loads = {api_.meter().load(), functions_.meter().load(), table_.meter().load()};
    if (parameters_.hot_item_share > 0) run.loads.push_back(hot_.meter().load());
    use_.refused = static_cast<double>(run.loads.front().refused);
    use_.function_runs = functions_.runs();
    use_.function_seconds =
        functions_.runs() * parameters_.function_sec + functions_.made() * parameters_.cold_start_sec;
    run.use = use_;
    return run;
  }

  ServerlessParameters parameters_;
  Crowd crowd_;
  Throttle api_;
  Functions functions_;
  Throttle table_;
  Throttle hot_;
  Stock stock_;
  PatternUse use_;
  std::uint64_t to_nobody_ = 0;
};

}  // namespace

PatternRun simulate_serverless(const ServerlessParameters& parameters, std::uint64_t seed) {
  return ServerlessRun(parameters, seed).play();
}

}  // namespace tacos::plan
