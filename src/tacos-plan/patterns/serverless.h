#pragma once

#include <cstdint>

#include "tacos-plan/patterns/crowd.h"

namespace tacos::plan {

struct ServerlessParameters {
  CrowdParameters crowd;
  std::uint64_t seats = 10'000;
  double api_per_sec = 10'000;  // the front's throttle
  double api_burst = 5000;
  double concurrency = 1000;           // functions at once, of the account
  double environments_per_10s = 1000;  // that may be added
  double function_sec = 0.05;
  double cold_start_sec = 0.5;
  double table_writes_per_sec = 4000;  // write units of a table that was idle
  double units_per_purchase = 6;
  double hot_item_writes_per_sec = 1000;
  double hot_item_share = 0;  // of a purchase's units that hit one item
};

// Browser → API Gateway → Lambda → DynamoDB, in ticks of 10 ms. Deterministic by seed.
//
// Modelled: the front's token bucket; functions at once up to the account's limit, 1,000 new environments every 10 s,
// a cold start for each; write units a second of a table, of which a purchase takes its units at once or fails; the
// same for one hot item. The seat goes by a conditional write: never oversold. Whatever is throttled is an error for
// the client (429, 500), who tries again.
// Favourable, and assumed: functions remember that it is sold out, so that such an answer costs the table nothing;
// units not used within a second are lost, but those within it may be used at any moment.
// Not modelled: the SDK's own retries of a throttled write within the function's run; the table growing to twice its
// previous peak, which takes minutes (DynamoDB developer guide, "on-demand capacity mode"), longer than the sale.
PatternRun simulate_serverless(const ServerlessParameters& parameters, std::uint64_t seed);

}  // namespace tacos::plan
