#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-plan/demand/quantity.h"
#include "tacos-plan/prices/price_catalogue.h"
#include "tacos-plan/redis/key_layout.h"

namespace tacos::plan {

enum class PollPolicy : std::uint8_t { kFixed, kByPosition };
enum class RedisEngine : std::uint8_t { kRedis, kValkey };
enum class Profile : std::uint8_t { kTacos, kOriginal };
enum class AtSellOut : std::uint8_t { kStop, kGoOn };  // admission knows the seats left and tells the line, or does not
enum class Purchases : std::uint8_t { kElsewhere, kGateway };  // who keeps seats, payments and clients' keys

std::string_view name_of(PositionStrategy value);
std::string_view name_of(PollPolicy value);
std::string_view name_of(PriceEra value);
std::string_view name_of(RedisEngine value);
std::string_view name_of(Profile value);
std::string_view name_of(AtSellOut value);
std::string_view name_of(Purchases value);

// Everything a plan is made from. The later of two sources wins: default, profile, file, flag.
class PlanInputs {
 public:
  Profile profile = Profile::kTacos;
  std::string region = "us-east-1";
  std::string redis_node = "cache.m7g.xlarge";
  std::string gateway_node = "m7g.xlarge";
  PositionStrategy position = PositionStrategy::kWatermark;
  PollPolicy poll = PollPolicy::kFixed;
  PriceEra dynamodb_prices = PriceEra::kCurrent;
  RedisEngine redis_engine = RedisEngine::kRedis;
  AtSellOut at_sell_out = AtSellOut::kStop;
  Purchases purchases = Purchases::kElsewhere;

  PlanInputs();

  double operator[](Quantity quantity) const { return values_[static_cast<std::size_t>(quantity)].value; }
  // Where the value came from, in words.
  const std::string& source(Quantity quantity) const { return values_[static_cast<std::size_t>(quantity)].source; }
  bool is_default(Quantity quantity) const { return !values_[static_cast<std::size_t>(quantity)].given; }

  // Refuses what is out of the quantity's range, not finite, or broken where the quantity is whole. `called` is what
  // the giver calls it ("--users", "sale.json: /users"), for the message.
  core::Result<void> set(Quantity quantity, double value, std::string source, std::string_view called);
  // The same from text with a unit: "5m", "20%", "3k".
  core::Result<void> set_text(Quantity quantity, std::string_view text, std::string source, std::string_view called);
  // A choice by its name ("region", "position", "poll", …), refused with the list of what it may be.
  core::Result<void> choose(std::string_view name, std::string_view value, std::string_view called);

  // The defaults that the profile changes. To be called before anything else is set.
  void apply_profile(Profile profile);

  // What must hold between quantities whoever set them (shortest ≤ longest, …).
  core::Result<void> check() const;

 private:
  void take_vcpus_of(std::string_view node);
  struct Value {
    double value = 0;
    std::string source;
    bool given = false;
  };
  std::array<Value, kQuantities> values_;
};

// The names of the choices, for flags, files and JSON.
struct ChoiceSpec {
  std::string_view name;
  std::string_view values;  // "keys|index|watermark"; empty: looked up in the price list
  std::string_view meaning;
};
std::vector<ChoiceSpec> all_choices();
std::string choice_value(const PlanInputs& inputs, std::string_view name);

}  // namespace tacos::plan
