#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {

core::Result<Costs> s3_cost(const PriceCatalogue& prices, const S3Use& use) {
  return Bill(prices)
      .add("GB-months", "s3.standard.gb_month", "per GB-month", use.gb_months)
      .add("PUT requests", "s3.standard.put_requests", "per 1,000 requests", use.put_requests)
      .finish();
}

core::Result<Costs> log_ingest_cost(const PriceCatalogue& prices, double gb) {
  return Bill(prices).add("GB of logs", "logs.ingest_gb", "per GB", gb).finish();
}

}  // namespace tacos::plan
