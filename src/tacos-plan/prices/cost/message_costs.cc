#include <algorithm>
#include <cmath>

#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {

core::Result<Costs> api_gateway_cost(const PriceCatalogue& prices, const ApiGatewayUse& use) {
  constexpr double kStepBytes = 512 * 1024;
  if (use.kind == ApiKind::kRest) {
    return Bill(prices)
        .add("REST requests", "api_gateway.rest.requests", "per million requests", use.requests)
        .finish();
  }
  const auto size = given("request bytes", use.request_bytes);
  if (!size) return size.error();
  const double steps = std::ceil(std::max(*size, 1.0) / kStepBytes);
  return Bill(prices)
      .add("HTTP requests", "api_gateway.http.requests", "per million requests",
           product("requests", use.requests, "steps of 512 KB", steps))
      .finish();
}

core::Result<Costs> sqs_cost(const PriceCatalogue& prices, const SqsUse& use) {
  const auto* id = use.fifo ? "sqs.fifo.requests" : "sqs.standard.requests";
  return Bill(prices).add("requests", id, "per million requests", use.requests).finish();
}

core::Result<Costs> kinesis_cost(const PriceCatalogue& prices, const KinesisUse& use) {
  const auto units = kinesis_put_units(use.record_bytes);
  if (!units) return units.error();
  return Bill(prices)
      .add("shard-hours", "kinesis.shard_hour", "per shard-hour", product("shards", use.shards, "hours", use.hours))
      .add("put units", "kinesis.put_units", "per million put units",
           product("records", use.records, "put units per record", *units))
      .finish();
}

}  // namespace tacos::plan
