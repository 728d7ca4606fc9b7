#include "tacos-plan/redis/allocation.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tacos::plan {
namespace {

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
  return (value + step - 1) / step * step;
}

// The mean of a function of whole lengths at a length that may lie between two.
template <class Function>
double at_mean_length(double length, Function&& function) {
  const double low = std::floor(length);
  const double share = length - low;
  const auto whole = static_cast<std::uint64_t>(low);
  const double first = static_cast<double>(function(whole));
  return share == 0 ? first : first * (1 - share) + static_cast<double>(function(whole + 1)) * share;
}

std::uint64_t text_element(std::uint64_t length) {
  const std::uint64_t forward = length + (length <= 63 ? 1 : length <= 4095 ? 2 : 5);
  std::uint64_t back = 1;
  for (std::uint64_t rest = forward >> 7; rest > 0; rest >>= 7) ++back;
  return forward + back;
}

// The share of the numbers of `digits` digits that are at most `limit`.
double share_up_to(std::uint64_t digits, double limit) {
  const double first = digits <= 1 ? 0 : std::pow(10, static_cast<double>(digits) - 1);
  const double last = std::pow(10, static_cast<double>(digits)) - 1;
  return std::clamp((limit - first + 1) / (last - first + 1), 0.0, 1.0);
}

double number_element(std::uint64_t digits) {
  struct Class {
    double limit;
    double bytes;
  };
  constexpr Class kClasses[] = {{127, 1}, {4095, 2}, {32767, 3}, {8388607, 4}, {2147483647, 5}};
  double bytes = 0;
  double below = 0;
  for (const Class& c : kClasses) {
    const double share = share_up_to(digits, c.limit);
    bytes += c.bytes * (share - below);
    below = share;
  }
  return bytes + 9 * (1 - below) + 1;
}

}  // namespace

std::uint64_t allocated_bytes(std::uint64_t requested, SizeClasses classes) {
  if (requested <= 8) return 8;
  const std::uint64_t quantum = classes == SizeClasses::kEightBytes ? 8 : 16;
  if (requested <= 64) return round_up(requested, quantum);
  const std::uint64_t doubling = std::bit_floor(requested - 1);
  return round_up(requested, doubling / 4);
}

Text ticket_text(std::uint64_t last) {
  if (last == 0) return {.bytes = 1, .decimal = true};
  double digits = 0;
  std::uint64_t first = 1;
  for (int width = 1; first <= last; ++width) {
    const std::uint64_t end = first > last / 10 ? last : std::min(last, first * 10 - 1);
    digits += width * static_cast<double>(end - first + 1);
    if (end == last) break;
    first *= 10;
  }
  return {.bytes = digits / static_cast<double>(last), .decimal = true};
}

std::uint64_t sds_length_bytes(std::uint64_t length) {
  const std::uint64_t header = length == 0 ? 3 : length < 32 ? 1 : length < 256 ? 3 : length < 65536 ? 5 : 9;
  return header + length + 1;
}

double sds_bytes(const Text& text, SizeClasses classes) {
  return at_mean_length(text.bytes,
                        [&](std::uint64_t length) { return allocated_bytes(sds_length_bytes(length), classes); });
}

double listpack_element_bytes(const Text& text) {
  return at_mean_length(text.bytes, [&](std::uint64_t length) {
    return text.decimal ? number_element(length) : static_cast<double>(text_element(length));
  });
}

double skiplist_node_bytes(SizeClasses classes) {
  constexpr int kMostLevels = 32;
  constexpr double kPromoted = 0.25;
  double mean = 0;
  double reached = 1;
  for (int level = 1; level <= kMostLevels; ++level) {
    const double here = level == kMostLevels ? reached : reached * (1 - kPromoted);
    mean += here * static_cast<double>(allocated_bytes(24 + 16 * static_cast<std::uint64_t>(level), classes));
    reached *= kPromoted;
  }
  return mean;
}

std::uint64_t dict_slots(std::uint64_t entries) {
  return entries == 0 ? 0 : std::max<std::uint64_t>(4, std::bit_ceil(entries));
}

}  // namespace tacos::plan
