#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "core/random.h"
#include "tacos-plan/simulation/draws.h"

namespace tacos::plan {

// The seats as a database has them. With a window, a buyer is served in two steps that nothing guards: the stock is
// read, and what was taken from it is written later, after a time that is exponential with the window as its mean.
// Whoever reads in between still sees the old stock. With a window of 0 both are one conditional write, and nothing is
// ever oversold.
//
// When buyers come at a rate r, r × window writes are on their way at any moment (Little's law); those are what is
// oversold when the last seat goes. Not modelled: windows that grow with the database's load. Thread rule: none.
class Stock {
 public:
  Stock(std::uint64_t seats, double window_sec)
      : seats_(static_cast<std::int64_t>(seats)), left_(seats_), window_sec_(window_sec) {}

  // Reads at that time and takes at most `wanted`; 0 when it reads that there is none. Times never fall.
  std::uint32_t take(double at_sec, std::uint32_t wanted, core::Random& random) {
    land(at_sec);
    if (left_ <= 0) return 0;
    const auto got = static_cast<std::uint32_t>(std::min<std::int64_t>(wanted, left_));
    sold_ += got;
    if (window_sec_ <= 0) {
      left_ -= got;
    } else {
      on_the_way_.emplace(at_sec + window_sec_ * draw_exponential(random), got);
    }
    if (sold_ >= seats_ && gone_at_sec_ < 0) gone_at_sec_ = at_sec;
    return got;
  }

  void land(double at_sec) {
    while (!on_the_way_.empty() && on_the_way_.top().first <= at_sec) {
      left_ -= on_the_way_.top().second;
      on_the_way_.pop();
    }
  }

  bool gone() const { return left_ <= 0; }
  std::uint64_t sold() const { return static_cast<std::uint64_t>(sold_); }
  std::uint64_t oversold() const { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, sold_ - seats_)); }
  double gone_at_sec() const { return gone_at_sec_; }  // negative: never

 private:
  using Write = std::pair<double, std::uint32_t>;
  std::int64_t seats_;
  std::int64_t left_;  // as a reader sees it
  std::int64_t sold_ = 0;
  double window_sec_;
  double gone_at_sec_ = -1;
  std::priority_queue<Write, std::vector<Write>, std::greater<>> on_the_way_;
};

}  // namespace tacos::plan
