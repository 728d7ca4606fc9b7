#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-plan/prices/price.h"

namespace tacos::plan {

// Which of a region's price lists to read. DynamoDB's on demand prices fell by half in November 2024; older plans were
// computed with what was charged before, under ids that end in ".before-2024-11".
enum class PriceEra : std::uint8_t { kCurrent, kBefore202411 };

// "current" or "before-2024-11".
core::Result<PriceEra> parse_price_era(std::string_view text);

// The prices of one region. A price that is not known is absent: asking for it is an error that says what to do, never
// a number. A value: copies are independent.
class PriceCatalogue {
 public:
  // From what the program was built with. Fails with the list of regions that it knows.
  static core::Result<PriceCatalogue> of_region(std::string_view region);
  static std::vector<std::string> built_in_regions();

  PriceCatalogue(std::string region, std::string note, std::map<std::string, Price, std::less<>> prices)
      : region_(std::move(region)), note_(std::move(note)), prices_(std::move(prices)) {}

  // In an earlier era, the price of that time when there was another, otherwise the current one.
  core::Result<Price> price(std::string_view id) const;
  bool has(std::string_view id) const { return price(id).has_value(); }

  // The same prices, asked for as they were in that era.
  PriceCatalogue in_era(PriceEra era) const;
  // These prices with those of another file in their place wherever it has one; region, note and era stay.
  PriceCatalogue overlaid_with(const PriceCatalogue& other) const;

  const std::string& region() const { return region_; }
  const std::string& note() const { return note_; }  // what the region's file says of its gaps
  // The region whose built-in prices fill this file's gaps; empty when it stands alone.
  const std::string& extends() const { return extends_; }
  void set_extends(std::string region) { extends_ = std::move(region); }
  const std::map<std::string, Price, std::less<>>& prices() const { return prices_; }

 private:
  std::string region_;
  std::string note_;
  std::string extends_{};
  PriceEra era_ = PriceEra::kCurrent;
  std::map<std::string, Price, std::less<>> prices_;
};

// Reads a file of schema tacos.prices/1 (docs/schema/prices-1.schema.json). Safe on any bytes. Fails with the file's
// name, the JSON pointer, the value found and what may stand there. Does not look at "extends": load_prices does.
core::Result<PriceCatalogue> read_prices(std::string_view json, std::string_view name_of_file);

// Reads a user's file (--prices FILE). With "extends" in it, it overlays that region's built-in prices; without, it
// replaces them.
core::Result<PriceCatalogue> load_prices(const std::string& path);

}  // namespace tacos::plan
