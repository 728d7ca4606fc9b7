#include "tacos-plan/patterns/direct_access.h"

#include "tacos-plan/patterns/station.h"
#include "tacos-plan/patterns/stock.h"

namespace tacos::plan {
namespace {

class DirectRun {
 public:
  DirectRun(const DirectParameters& parameters, std::uint64_t seed)
      : parameters_(parameters),
        crowd_(parameters.crowd, seed),
        reservation_("reservation API", parameters.reservation_per_sec, parameters.service_queue),
        inventory_("inventory API", parameters.inventory_per_sec, parameters.service_queue),
        database_("database", parameters.database_per_sec, parameters.service_queue),
        stock_(parameters.seats, parameters.check_then_act_sec) {}

  PatternRun play() {
    while (!done()) {
      crowd_.tick(
          [&](const Attempt& attempt) {
            if (!reservation_.offer(attempt, crowd_.now_sec())) crowd_.refuse(attempt);
          },
          [](std::uint32_t) {});
      const double now_sec = crowd_.now_sec();
      const auto pass_on = [&](Station& next) {
        return [&](const Attempt& attempt, double at_sec) {
          if (!next.offer(attempt, at_sec)) crowd_.refuse(attempt);
        };
      };
      reservation_.serve(now_sec, pass_on(inventory_));
      inventory_.serve(now_sec, pass_on(database_));
      database_.serve(now_sec, [&](const Attempt& attempt, double at_sec) { sell(attempt, at_sec); });
    }
    return summary();
  }

 private:
  bool done() const {
    if (parameters_.only_until_sold_out && stock_.gone()) return true;
    if (crowd_.at_horizon()) return true;
    if (!crowd_.all_over()) return false;
    // What nobody waits for any more is worked on all the same, and takes seats while there are any.
    return stock_.gone() || (reservation_.empty() && inventory_.empty() && database_.empty());
  }

  void sell(const Attempt& attempt, double at_sec) {
    const bool live = crowd_.is_live(attempt);
    if (!crowd_.buys()) {
      if (live) crowd_.end(attempt.who, Outcome::kDeclined);
      return;
    }
    const std::uint32_t got = stock_.take(at_sec, crowd_.tickets(), crowd_.random());
    if (live) {
      crowd_.end(attempt.who, got > 0 ? Outcome::kSeat : Outcome::kSoldOut);
    } else {
      to_nobody_ += got;
    }
    if (got > 0) ++purchases_;
  }

  PatternRun summary() {
    PatternRun run;
    crowd_.summarise(run);
    run.seats_sold = stock_.sold();
    run.oversold = stock_.oversold();
    run.sold_to_nobody = to_nobody_;
    run.sold_out_sec = stock_.gone_at_sec();
    run.loads = {reservation_.meter().load(), inventory_.meter().load(), database_.meter().load()};
    run.use.requests = static_cast<double>(run.attempts);
    run.use.purchases = static_cast<double>(purchases_);
    return run;
  }

  DirectParameters parameters_;
  Crowd crowd_;
  Station reservation_, inventory_, database_;
  Stock stock_;
  std::uint64_t to_nobody_ = 0;
  std::uint64_t purchases_ = 0;
};

}  // namespace

PatternRun simulate_direct(const DirectParameters& parameters, std::uint64_t seed) {
  return DirectRun(parameters, seed).play();
}

}  // namespace tacos::plan
