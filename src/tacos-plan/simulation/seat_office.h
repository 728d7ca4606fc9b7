#pragma once

#include <algorithm>
#include <cstdint>

namespace tacos::plan {

// The seats: free, held or sold, and never more than there are. Thread rule: none.
class SeatOffice {
 public:
  explicit SeatOffice(std::uint32_t seats) : free_(seats) {}

  // Holds as many as are free, at most `wanted`: who comes late for two takes the one that is left.
  std::uint32_t hold(std::uint32_t wanted) {
    const std::uint32_t seats = std::min(wanted, free_);
    free_ -= seats;
    held_ += seats;
    return seats;
  }
  void sell(std::uint32_t held) {
    held_ -= held;
    sold_ += held;
  }
  void give_back(std::uint32_t held) {
    held_ -= held;
    free_ += held;
  }

  std::uint32_t free() const { return free_; }
  std::uint32_t sold() const { return sold_; }
  bool sold_out() const { return free_ == 0 && held_ == 0; }

 private:
  std::uint32_t free_;
  std::uint32_t held_ = 0;
  std::uint32_t sold_ = 0;
};

}  // namespace tacos::plan
