#pragma once

#include <cstdint>

#include "tacos-plan/patterns/crowd.h"

namespace tacos::plan {

struct DirectParameters {
  CrowdParameters crowd;
  std::uint64_t seats = 10'000;
  double reservation_per_sec = 3000;
  double inventory_per_sec = 5000;
  double database_per_sec = 2000;
  std::uint32_t service_queue = 50'000;  // of each of the three
  double check_then_act_sec = 0.05;      // 0: one conditional write
  bool only_until_sold_out = false;      // for what is oversold alone
};

// Browser → reservation API → inventory API → database, played through in ticks of 10 ms. The same parameters and seed
// give the same run on every platform.
//
// Modelled: three services in a row, each with a rate, a bounded queue in order of arrival, and a refusal beyond it;
// clients that take a request for lost after a time and try again, while the service goes on to work on the lost one
// and may sell it a seat (which then belongs to nobody who knows of it); the race between reading the stock and taking
// from it (stock.h). A "sold out" answer costs the database what a sale does.
// Not modelled: throughput that falls as connections pile up, which only makes it worse; idempotency keys, which would
// give the lost seat back to its user's next try; connection set-up and network time.
PatternRun simulate_direct(const DirectParameters& parameters, std::uint64_t seed);

}  // namespace tacos::plan
