#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tacos::plan {

enum class Component : std::uint8_t { kGateway, kRedis, kReservation, kInventory, kPayment };
constexpr std::size_t kComponents = 5;
std::string_view name_of(Component component);

// One interval of a sale. Counts are sums over it, rates and utilisations means; what stands at its end is marked.
struct TimelinePoint {
  double t_sec = 0;  // where it begins
  std::uint64_t arrivals = 0;
  std::uint64_t waiting = 0;  // in line, at its end
  double status_per_sec = 0;
  double served_per_sec = 0;  // answers of the room, of every kind
  std::uint64_t shed = 0;
  std::uint64_t admitted = 0;
  std::uint64_t bought = 0;      // buyers, not seats
  std::uint64_t seats_left = 0;  // neither held nor sold, at its end
  std::uint32_t pods_ready = 0;
  std::uint32_t pods_starting = 0;
  // Gateway and Redis: work done ÷ possible, at most 1. Backends: demand ÷ capacity.
  std::array<double, kComponents> utilisation{};
  // Of the answers given in the interval: queueing at gateway and store. The median is known to a tenth.
  double delay_p50_sec = 0;
  double delay_max_sec = 0;

  double utilisation_of(Component component) const { return utilisation[static_cast<std::size_t>(component)]; }
};

// What happened to a component at worst.
struct ComponentLoad {
  double peak_utilisation = 0;   // over a second
  double saturated_at_sec = -1;  // the first second with nothing to spare; negative: never
};

// Takes the sale down second by second, and in the end as an interval of as many seconds as wanted. Thread rule: none.
class Timeline {
 public:
  // What is counted within a second, by whoever sees it happen.
  struct Second {
    std::uint64_t arrivals = 0;
    std::uint64_t status_calls = 0;
    std::uint64_t served = 0;
    std::uint64_t shed = 0;
    std::uint64_t admitted = 0;
    std::uint64_t bought = 0;
    std::uint64_t reservation_calls = 0;
    std::uint64_t inventory_calls = 0;
    std::uint64_t payment_calls = 0;
  };
  // What stands at its end.
  struct State {
    std::uint64_t waiting = 0;
    std::uint64_t seats_left = 0;
    std::uint32_t pods_ready = 0;
    std::uint32_t pods_starting = 0;
    std::array<double, kComponents> utilisation{};
  };

  Second& second() { return second_; }
  void count_delay(double delay_sec) {
    ++second_.served;
    // Buckets of a quarter octave of microseconds.
    const auto us = static_cast<std::uint32_t>(std::min(delay_sec, 4000.0) * 1e6);
    const auto octave = static_cast<std::uint32_t>(std::bit_width(us | 7U)) - 3;
    ++delays_[octave * 4 + ((us >> octave) & 7U)];
    delay_max_sec_ = std::max(delay_max_sec_, delay_sec);
  }
  void close_second(const State& state);

  // Points of interval_sec; 0: the fewest whole seconds that make no more than 600 points.
  std::vector<TimelinePoint> points(double interval_sec) const;
  const std::array<ComponentLoad, kComponents>& loads() const { return loads_; }

  static constexpr std::size_t kMostPoints = 600;

 private:
  double median_delay_sec() const;

  Second second_;
  std::array<std::uint32_t, 160> delays_{};
  double delay_max_sec_ = 0;
  std::vector<TimelinePoint> seconds_;
  std::array<ComponentLoad, kComponents> loads_{};
};

}  // namespace tacos::plan
