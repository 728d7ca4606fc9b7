#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

// The free tier of Lambda, each month and without end. Source: the provider's page "AWS Lambda Pricing".
constexpr double kFreeRequests = 1e6;
constexpr double kFreeGbSeconds = 400'000;

// GB-s = n · ⌈1000 t⌉ / 1000 · m / 1024.
core::Result<double> gb_seconds(const LambdaUse& use) {
  const auto seconds = given("seconds per request", use.seconds_per_request);
  if (!seconds) return seconds.error();
  // 0.2 s is 200.00000000000003 ms in binary, and still 200 steps.
  const double billed_sec = std::ceil(*seconds * 1000 - 1e-9) / 1000;
  const auto gb = product("memory in MB", use.memory_mb, "seconds per request", billed_sec);
  if (!gb) return gb.error();
  return product("requests", use.requests, "GB-seconds per request", *gb / 1024);
}

}  // namespace

core::Result<Costs> ec2_cost(const PriceCatalogue& prices, const Ec2Use& use) {
  const auto* market = use.market == Ec2Market::kSpot ? "spot" : "on_demand";
  return Bill(prices)
      .add("instance hours", fmt::format("ec2.{}.{}.hour", market, use.instance_type), "per hour",
           product("instances", use.instances, "hours", use.hours))
      .finish();
}

core::Result<Costs> eks_control_plane_cost(const PriceCatalogue& prices, const EksUse& use) {
  const auto* id = use.extended_support ? "eks.control_plane.extended_support.hour" : "eks.control_plane.hour";
  return Bill(prices)
      .add("control plane hours", id, "per hour", product("clusters", use.clusters, "hours", use.hours))
      .finish();
}

core::Result<Costs> lambda_cost(const PriceCatalogue& prices, const LambdaUse& use) {
  const auto compute = gb_seconds(use);
  if (!compute) return compute.error();
  const auto billed = [&](double amount, double free) { return use.free_tier ? std::max(0.0, amount - free) : amount; };
  return Bill(prices)
      .add("GB-seconds", "lambda.gb_seconds", "per GB-second", billed(*compute, kFreeGbSeconds))
      .add("requests", "lambda.requests", "per million requests", billed(use.requests, kFreeRequests))
      .finish();
}

}  // namespace tacos::plan
