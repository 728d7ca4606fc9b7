#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json good() {
  return json::parse(R"({
    "schema": "tacos.prices/1", "region": "r", "currency": "USD",
    "sources": {"page": {"words": "a page", "url": "https://example.org/"}},
    "prices": {
      "a.hour": {"usd": 0.5, "unit": "per hour", "source": "page", "as_of": "2026-02-28", "verified": true},
      "b.gb": {"tiers": [{"up_to": 10, "usd": 2}, {"up_to": 20, "usd": 1}, {"usd": 0.5}],
               "unit": "per GB", "source": "page", "as_of": "2026", "verified": false, "note": "n"}}})");
}

// What is said of the good file after one change.
std::string fault_after(const std::function<void(json&)>& change) {
  json document = good();
  change(document);
  const auto read = read_prices(document.dump(), "f.json");
  return read ? "no fault" : read.error().message;
}

TEST(PriceReader, ReadsAGoodFile) {
  const auto prices = read_prices(good().dump(), "f.json");
  ASSERT_TRUE(prices) << prices.error().message;
  const auto b = prices->price("b.gb").value();
  ASSERT_EQ(b.tiers.size(), 3U);
  EXPECT_EQ(b.tiers[1].up_to, 20);
  EXPECT_EQ(b.tiers[2].usd, 0.5);
  EXPECT_EQ(b.url, "https://example.org/");
  EXPECT_EQ(b.note, "n");
  EXPECT_FALSE(b.verified);
}

TEST(PriceReader, NamesTheFilePointerValueAndRange) {
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["a.hour"]["usd"] = -1; }),
            "f.json: /prices/a.hour/usd: -1 is not a number from 0 to 1000000");
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["a.hour"]["usd"] = "free"; }),
            "f.json: /prices/a.hour/usd: \"free\" is not a number from 0 to 1000000");
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["a.hour"]["usd"] = 2e6; }),
            "f.json: /prices/a.hour/usd: 2000000.0 is not a number from 0 to 1000000");
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["a.hour"]["usd"] = nullptr; }),
            "f.json: /prices/a.hour/usd: null is not a number from 0 to 1000000")
      << "JSON has no NaN; programs write null in its place";
}

TEST(PriceReader, RefusesAWrongSchemaOrCurrency) {
  EXPECT_EQ(fault_after([](json& d) { d["schema"] = "tacos.prices/2"; }),
            "f.json: /schema: \"tacos.prices/2\" is not tacos.prices/1");
  EXPECT_EQ(fault_after([](json& d) { d.erase("schema"); }), "f.json: /schema: is missing");
  EXPECT_THAT(fault_after([](json& d) { d["currency"] = "EUR"; }), HasSubstr("/currency: is not USD"));
}

TEST(PriceReader, RefusesAKeyThatItDoesNotKnow) {
  EXPECT_EQ(
      fault_after([](json& d) { d["prices"]["a.hour"]["prise"] = 1; }),
      "f.json: /prices/a.hour/prise: is not a key of this object; there are usd, tiers, unit, source, as_of, verified, "
      "note");
  EXPECT_THAT(fault_after([](json& d) { d["x/y~z"] = 1; }), HasSubstr("/x~1y~0z: is not a key"));
  EXPECT_THAT(fault_after([](json& d) { d["sources"]["page"]["link"] = "u"; }), HasSubstr("/sources/page/link"));
}

TEST(PriceReader, RefusesADateThatIsNone) {
  for (const char* date : {"2026-02-29", "2026-13", "2026-00-01", "26-01-01", "2026-1-1", "yesterday", "2026-11-31",
                           "1999", "2026/01/01", "2026-01-01T00:00"}) {
    EXPECT_THAT(fault_after([&](json& d) { d["prices"]["a.hour"]["as_of"] = date; }),
                HasSubstr("/prices/a.hour/as_of: \"" + std::string(date) + "\" is not a date such as 2026-08-21"))
        << date;
  }
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["a.hour"]["as_of"] = "2028-02-29"; }), "no fault");
}

TEST(PriceReader, RefusesTiersThatDoNotRiseOrEnd) {
  EXPECT_EQ(fault_after([](json& d) { d["prices"]["b.gb"]["tiers"][1]["up_to"] = 10; }),
            "f.json: /prices/b.gb/tiers/1/up_to: 10 is not above 10");
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"]["tiers"][2]["up_to"] = 30; }),
              HasSubstr("/tiers/2/up_to: the last tier has no end"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"]["tiers"][0].erase("up_to"); }),
              HasSubstr("/tiers/0/up_to: is missing"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"]["tiers"] = json::array(); }), HasSubstr("has 0 tiers"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"]["tiers"] = 3; }), HasSubstr("3 is not a list"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"]["usd"] = 3; }), HasSubstr("either usd or tiers"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["b.gb"].erase("tiers"); }), HasSubstr("either usd or tiers"));
}

TEST(PriceReader, RefusesAPriceWithoutItsCircumstances) {
  for (const char* key : {"unit", "source", "as_of", "verified"}) {
    EXPECT_EQ(fault_after([&](json& d) { d["prices"]["a.hour"].erase(key); }),
              "f.json: /prices/a.hour/" + std::string(key) + ": is missing");
  }
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["a.hour"]["source"] = "rumour"; }),
              HasSubstr("/prices/a.hour/source: is not a member of /sources"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["a.hour"]["verified"] = "yes"; }),
              HasSubstr("\"yes\" is not true or false"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["a.hour"]["unit"] = ""; }), HasSubstr("text with something in it"));
  EXPECT_THAT(fault_after([](json& d) { d["prices"]["A b"] = d["prices"]["a.hour"]; }),
              HasSubstr("an id has 1 to 120"));
}

std::string fault_of(const std::string& text) {
  const auto read = read_prices(text, "f.json");
  return read ? "no fault" : read.error().message;
}

TEST(PriceReader, RefusesWhatIsNotJson) {
  EXPECT_EQ(fault_of(""), "f.json: is not JSON: stops making sense at byte 1 of 0");
  EXPECT_THAT(fault_of("{\"schema\": NaN}"), HasSubstr("is not JSON"));
  EXPECT_THAT(fault_of("{\"schema\": 1e999}"), HasSubstr("beyond what a double holds"));
  EXPECT_EQ(fault_of("[]"), "f.json: the document: a list is not an object");
  EXPECT_THAT(fault_of("\xff\xfe"), HasSubstr("is not JSON"));
}

TEST(PriceReader, RefusesAKeyThatStandsTwice) {
  EXPECT_EQ(fault_of(R"({"schema": "tacos.prices/1", "schema": "tacos.prices/1"})"),
            "f.json: the key \"schema\" stands twice in one object; keep one");
}

TEST(PriceReader, SurvivesDeepNesting) {
  EXPECT_THAT(fault_of(std::string(100'000, '[')), HasSubstr("nested deeper than 16 levels"));
}

}  // namespace
}  // namespace tacos::plan
