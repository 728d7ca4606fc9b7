// What is true of every committed price, whoever adds the next.
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/schema_check.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using testing::IsEmpty;

json file(const std::string& below_root) {
  std::ifstream in(std::string(TACOS_SOURCE_DIR) + "/" + below_root);
  return json::parse(in);
}

TEST(PriceData, FitsItsSchemas) {
  const auto faults = [](const char* schema, const char* data) {
    return support::SchemaCheck(file(schema)).faults_of(file(data));
  };
  EXPECT_THAT(faults("docs/schema/prices-1.schema.json", "data/prices/aws-us-east-1.json"), IsEmpty());
  EXPECT_THAT(faults("docs/schema/prices-1.schema.json", "data/prices/aws-ap-northeast-2.json"), IsEmpty());
  EXPECT_THAT(faults("docs/schema/node-types-1.schema.json", "data/node-types.json"), IsEmpty());
  EXPECT_THAT(faults("docs/schema/quotas-1.schema.json", "data/quotas/aws.json"), IsEmpty());
}

TEST(PriceData, HasASourceAndADateForEveryPrice) {
  for (const auto& region : PriceCatalogue::built_in_regions()) {
    const auto prices = PriceCatalogue::of_region(region);
    ASSERT_TRUE(prices) << prices.error().message;
    EXPECT_EQ(prices->region(), region);
    for (const auto& [id, price] : prices->prices()) {
      EXPECT_FALSE(price.source.empty()) << id;
      EXPECT_FALSE(price.url.empty() && price.verified) << id << ": a verified price has a page";
      EXPECT_TRUE(price.unit.starts_with("per ")) << id;
    }
  }
}

TEST(PriceData, FallsWithVolumeWhereItHasTiers) {
  for (const auto& region : PriceCatalogue::built_in_regions()) {
    const auto prices = PriceCatalogue::of_region(region).value();
    for (const auto& [id, price] : prices.prices()) {
      for (std::size_t i = 1; i < price.tiers.size(); ++i) {
        EXPECT_LT(price.tiers[i].usd, price.tiers[i - 1].usd) << region << " " << id;
      }
    }
  }
}

TEST(PriceData, ChargesForSeoulInTheSameUnitsAsForVirginia) {
  const auto virginia = PriceCatalogue::of_region("us-east-1").value();
  const auto seoul = PriceCatalogue::of_region("ap-northeast-2").value();
  for (const auto& [id, price] : seoul.prices()) {
    EXPECT_EQ(virginia.price(id)->unit, price.unit) << id;
  }
}

TEST(PriceData, HasEveryOldPriceBesideACurrentOne) {
  const auto virginia = PriceCatalogue::of_region("us-east-1").value();
  const std::string suffix = ".before-2024-11";
  for (const auto& [id, price] : virginia.prices()) {
    if (!id.ends_with(suffix)) continue;
    EXPECT_EQ(virginia.price(id.substr(0, id.size() - suffix.size()))->unit, price.unit) << id;
  }
}

}  // namespace
}  // namespace tacos::plan
