#include "tacos-plan/patterns/queue_service.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "tacos-plan/patterns/station.h"
#include "tacos-plan/patterns/stock.h"

namespace tacos::plan {
namespace {

enum class Result : std::uint8_t { kNone, kSeat, kSoldOut, kDeclined };

class QueueRun {
 public:
  QueueRun(const QueueParameters& parameters, std::uint64_t seed)
      : parameters_(parameters),
        crowd_(parameters.crowd, seed),
        api_("API Gateway", parameters.api_per_sec, parameters.api_burst),
        workers_("queue workers", fastest(parameters)),
        backend_("reservation API and database", parameters.backend_per_sec),
        stock_(parameters.seats, parameters.check_then_act_sec),
        results_(parameters.crowd.users, Result::kNone) {}

  PatternRun play() {
    while (!crowd_.all_over() && !crowd_.at_horizon()) {
      if (parameters_.only_until_sold_out && stock_.gone()) break;
      api_.tick();
      crowd_.tick([&](const Attempt& attempt) { submit(attempt); }, [&](std::uint32_t who) { poll(who); });
      work();
    }
    return summary();
  }

 private:
  static double fastest(const QueueParameters& p) {
    return std::min(p.workers_most / p.message_sec, p.backend_per_sec);
  }

  void submit(const Attempt& attempt) {
    if (!api_.take(crowd_.now_sec())) return crowd_.refuse(attempt);
    ++use_.requests;
    ++use_.messages;
    workers_.ask(crowd_.now_sec());
    messages_.push_back(attempt.who);
    crowd_.accept(attempt, next_poll_sec());
  }

  void poll(std::uint32_t who) {
    ++use_.polls;
    if (api_.take(crowd_.now_sec())) {
      ++use_.requests;
      switch (results_[who]) {
        case Result::kNone:
          break;
        case Result::kSeat:
          return crowd_.end(who, Outcome::kSeat);
        case Result::kSoldOut:
          return crowd_.end(who, Outcome::kSoldOut);
        case Result::kDeclined:
          return crowd_.end(who, Outcome::kDeclined);
      }
    }
    crowd_.poll_again(who, next_poll_sec());
  }

  double next_poll_sec() {
    const double spread = 1 + parameters_.poll_jitter * (2 * crowd_.random().uniform() - 1);
    return parameters_.poll_interval_sec * spread;
  }

  void work() {
    const double now_sec = crowd_.now_sec();
    longest_ = std::max(longest_, messages_.size());
    if (messages_.empty()) {
      credit_ = 0;
      return;
    }
    if (active_since_sec_ < 0) active_since_sec_ = now_sec;
    const double grown =
        parameters_.workers_at_start + parameters_.workers_more_per_sec * (now_sec - active_since_sec_);
    const double workers = std::min(grown, parameters_.workers_most);
    most_workers_ = std::max(most_workers_, workers);
    const double per_sec = std::min(workers / parameters_.message_sec, parameters_.backend_per_sec);
    credit_ += per_sec * kPatternTickSec;
    const auto many = std::min(static_cast<std::size_t>(credit_), messages_.size());
    for (std::size_t i = 0; i < many; ++i) {
      const std::uint32_t who = messages_.front();
      messages_.pop_front();
      const double at_sec = now_sec + kPatternTickSec * (static_cast<double>(i) + 0.5) / static_cast<double>(many);
      backend_.ask(now_sec);
      sell(who, at_sec);
    }
    credit_ -= static_cast<double>(many);
  }

  void sell(std::uint32_t who, double at_sec) {
    if (!crowd_.buys()) {
      results_[who] = Result::kDeclined;
      return;
    }
    const std::uint32_t got = stock_.take(at_sec, crowd_.tickets(), crowd_.random());
    results_[who] = got > 0 ? Result::kSeat : Result::kSoldOut;
    if (got > 0) ++use_.purchases;
    if (crowd_.over(who)) to_nobody_ += got;
  }

  PatternRun summary() {
    PatternRun run;
    crowd_.summarise(run);
    run.seats_sold = stock_.sold();
    run.oversold = stock_.oversold();
    run.sold_to_nobody = to_nobody_;
    run.sold_out_sec = stock_.gone_at_sec();
    run.longest_backlog = longest_;
    run.most_workers = most_workers_;
    run.loads = {api_.meter().load(), workers_.load(), backend_.load()};
    use_.refused = static_cast<double>(run.loads.front().refused);
    use_.function_runs = use_.messages / parameters_.batch;
    use_.function_seconds = use_.messages * parameters_.message_sec;
    run.use = use_;
    return run;
  }

  QueueParameters parameters_;
  Crowd crowd_;
  Throttle api_;
  LoadMeter workers_;
  LoadMeter backend_;
  Stock stock_;
  std::vector<Result> results_;
  std::deque<std::uint32_t> messages_;
  PatternUse use_;
  double credit_ = 0;
  double active_since_sec_ = -1;
  double most_workers_ = 0;
  std::size_t longest_ = 0;
  std::uint64_t to_nobody_ = 0;
};

}  // namespace

PatternRun simulate_queue(const QueueParameters& parameters, std::uint64_t seed) {
  return QueueRun(parameters, seed).play();
}

}  // namespace tacos::plan
