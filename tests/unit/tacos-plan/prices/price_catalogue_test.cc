#include "tacos-plan/prices/price_catalogue.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/tacos-plan/prices/some_prices.h"

namespace tacos::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class UserFile {
 public:
  explicit UserFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("tacos-prices-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_) << text;
  }
  UserFile(const UserFile&) = delete;
  UserFile& operator=(const UserFile&) = delete;
  ~UserFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string file_with(const std::string& more_of_root) {
  return R"({"schema": "tacos.prices/1", "region": "our-region", "currency": "USD", )" + more_of_root +
         R"("sources": {"contract": {"words": "our contract"}},
            "prices": {"sqs.standard.requests": {"usd": 0.3, "unit": "per million requests", "source": "contract",
                                                 "as_of": "2026-11", "verified": true}}})";
}

TEST(PriceCatalogue, KnowsTwoRegions) {
  EXPECT_THAT(PriceCatalogue::built_in_regions(), ElementsAre("ap-northeast-2", "us-east-1"));
  EXPECT_EQ(
      PriceCatalogue::of_region("mars-1").error().message,
      "no prices of region 'mars-1' are built in; there are ap-northeast-2, us-east-1. Give its prices with --prices "
      "FILE");
}

TEST(PriceCatalogue, SaysWhatToDoAboutAPriceThatARegionHasNot) {
  const auto seoul = PriceCatalogue::of_region("ap-northeast-2").value();
  EXPECT_EQ(
      seoul.price("nat.gateway.hour").error().message,
      "the prices of region ap-northeast-2 have no 'nat.gateway.hour'; add it in a file and give that with --prices "
      "FILE, or plan with --region us-east-1");
  EXPECT_EQ(
      us_east_1().price("teleport.hour").error().message,
      "the prices of region us-east-1 have no 'teleport.hour'; add it in a file and give that with --prices FILE");
  EXPECT_FALSE(seoul.has("nat.gateway.hour"));
}

TEST(PriceCatalogue, SaysThatSeoulIsOnlyPartlyFilled) {
  EXPECT_THAT(PriceCatalogue::of_region("ap-northeast-2")->note(), HasSubstr("Partly filled"));
}

TEST(PriceCatalogue, GivesTheOldDynamoDbPriceInTheOldEraAndOthersAsTheyAre) {
  const auto now = us_east_1();
  const auto then = now.in_era(*parse_price_era("before-2024-11"));
  EXPECT_EQ(now.price("dynamodb.on_demand.write_units")->tiers[0].usd, 0.625);
  EXPECT_EQ(then.price("dynamodb.on_demand.write_units")->tiers[0].usd, 1.25);
  EXPECT_EQ(then.price("dynamodb.on_demand.read_units")->tiers[0].usd, 0.25);
  EXPECT_EQ(then.price("sqs.standard.requests")->tiers[0].usd, 0.40);
  EXPECT_EQ(parse_price_era("1999").error().message,
            "'1999' is not an era of prices; there are current and before-2024-11");
}

TEST(PriceFile, OverlaysARegionThatItExtends) {
  const UserFile file(file_with(R"("extends": "us-east-1", )"));
  const auto prices = load_prices(file.path());
  ASSERT_TRUE(prices) << prices.error().message;
  EXPECT_EQ(prices->region(), "our-region");
  EXPECT_EQ(prices->price("sqs.standard.requests")->tiers[0].usd, 0.3);
  EXPECT_EQ(prices->price("sqs.standard.requests")->source, "our contract");
  EXPECT_EQ(prices->price("nat.gateway.hour")->tiers[0].usd, 0.045);
}

TEST(PriceFile, StandsAloneWhenItExtendsNothing) {
  const UserFile file(file_with(""));
  const auto prices = load_prices(file.path());
  ASSERT_TRUE(prices) << prices.error().message;
  EXPECT_TRUE(prices->has("sqs.standard.requests"));
  EXPECT_FALSE(prices->has("nat.gateway.hour"));
}

TEST(PriceFile, CannotExtendARegionThatIsNotBuiltIn) {
  const UserFile file(file_with(R"("extends": "mars-1", )"));
  EXPECT_THAT(load_prices(file.path()).error().message, HasSubstr("/extends: no prices of region 'mars-1'"));
}

TEST(PriceFile, ThatIsNotThereIsNamed) {
  EXPECT_THAT(load_prices("/nowhere/prices.json").error().message,
              HasSubstr("--prices: can't read '/nowhere/prices.json': No such file"));
  EXPECT_THAT(load_prices(std::filesystem::temp_directory_path().string()).error().message, HasSubstr("can't read"));
}

}  // namespace
}  // namespace tacos::plan
