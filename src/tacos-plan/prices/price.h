#pragma once

#include <limits>
#include <string>
#include <vector>

namespace tacos::plan {

// One step of a price that falls with volume: what each unit costs up to a month's `up_to` units, after the tiers
// before it are used up. The last tier has no end.
struct PriceTier {
  double up_to = std::numeric_limits<double>::infinity();
  double usd = 0;
};

// A dated fact of a price list, not a promise: where it was read, when, and whether that was the provider's own word.
struct Price {
  std::string id{};                // "sqs.standard.requests"
  std::vector<PriceTier> tiers{};  // at least one; exactly one when the price does not fall with volume
  std::string unit{};              // "per million requests"
  std::string source{};            // in words
  std::string url{};               // empty when there is none to cite
  std::string as_of{};             // "2026-08-21", or "2026-08", or "2026" when no more is known
  bool verified = false;           // read in the provider's own price list, page or documentation
  std::string note{};
};

}  // namespace tacos::plan
