#pragma once

#include <cstdint>

namespace tacos::core {

// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"). Eight bytes of state, the
// same sequence for a seed on every platform, which the standard library's distributions do not promise. Not for
// secrets.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() { return mix(state_ += kGamma); }

  // Uniform in [0, 1), 53 bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // Uniform in [0, bound); bound > 0. Multiply-shift: the bias is below bound / 2^64.
  constexpr std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  // The n-th number of the sequence of a seed without walking it: a pure function, for per-item randomness.
  static constexpr std::uint64_t at(std::uint64_t seed, std::uint64_t n) { return mix(seed + (n + 1) * kGamma); }
  static constexpr double uniform_at(std::uint64_t seed, std::uint64_t n) {
    return static_cast<double>(at(seed, n) >> 11) * 0x1.0p-53;
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ULL;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace tacos::core
