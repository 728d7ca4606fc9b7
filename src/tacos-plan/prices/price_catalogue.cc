#include "tacos-plan/prices/price_catalogue.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tacos-plan/prices/embedded_prices.h"

namespace tacos::plan {
namespace {

constexpr std::string_view kBeforeSuffix = ".before-2024-11";
constexpr std::size_t kLargestFileBytes = 16 << 20;  // a hundred times the largest region's prices

struct BuiltIn {
  std::string_view region;
  std::string_view file;
  const std::string_view* text;
};
constexpr BuiltIn kBuiltIn[] = {
    {"ap-northeast-2", "data/prices/aws-ap-northeast-2.json", &kPricesApNortheast2},
    {"us-east-1", "data/prices/aws-us-east-1.json", &kPricesUsEast1},
};

}  // namespace

core::Result<PriceEra> parse_price_era(std::string_view text) {
  if (text == "current") return PriceEra::kCurrent;
  if (text == "before-2024-11") return PriceEra::kBefore202411;
  return core::fail(fmt::format("'{}' is not an era of prices; there are current and before-2024-11", text));
}

std::vector<std::string> PriceCatalogue::built_in_regions() {
  std::vector<std::string> regions;
  for (const auto& built_in : kBuiltIn) regions.emplace_back(built_in.region);
  return regions;
}

core::Result<PriceCatalogue> PriceCatalogue::of_region(std::string_view region) {
  for (const auto& built_in : kBuiltIn) {
    if (built_in.region == region) return read_prices(*built_in.text, built_in.file);
  }
  return core::fail(
      fmt::format("no prices of region '{}' are built in; there are {}. Give its prices with --prices FILE", region,
                  fmt::join(built_in_regions(), ", ")));
}

core::Result<Price> PriceCatalogue::price(std::string_view id) const {
  if (era_ == PriceEra::kBefore202411) {
    const auto then = prices_.find(std::string(id) + std::string(kBeforeSuffix));
    if (then != prices_.end()) return then->second;
  }
  const auto found = prices_.find(id);
  if (found != prices_.end()) return found->second;
  const bool has_reference = region_ != "us-east-1";
  return core::fail(
      fmt::format("the prices of region {} have no '{}'; add it in a file and give that with --prices FILE{}", region_,
                  id, has_reference ? ", or plan with --region us-east-1" : ""));
}

PriceCatalogue PriceCatalogue::in_era(PriceEra era) const {
  PriceCatalogue other = *this;
  other.era_ = era;
  return other;
}

PriceCatalogue PriceCatalogue::overlaid_with(const PriceCatalogue& other) const {
  PriceCatalogue result = *this;
  for (const auto& [id, price] : other.prices_) result.prices_.insert_or_assign(id, price);
  return result;
}

core::Result<PriceCatalogue> load_prices(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(kLargestFileBytes + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad() || (!file && !file.eof())) {
    return core::fail(fmt::format("--prices: can't read '{}': {}", path, std::strerror(errno)));
  }
  if (text.size() > kLargestFileBytes) {
    return core::fail(fmt::format("--prices: '{}' is larger than {} bytes", path, kLargestFileBytes));
  }
  auto own = read_prices(text, path);
  if (!own || own->extends().empty()) return own;
  const auto base = PriceCatalogue::of_region(own->extends());
  if (!base) return core::fail(fmt::format("{}: /extends: {}", path, base.error().message));
  const auto whole = base->overlaid_with(*own);
  const std::string note = own->note().empty() ? base->note() : own->note();
  return PriceCatalogue(own->region(), note, whole.prices());
}

}  // namespace tacos::plan
