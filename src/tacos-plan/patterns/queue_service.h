#pragma once

#include <cstdint>

#include "tacos-plan/patterns/crowd.h"

namespace tacos::plan {

struct QueueParameters {
  CrowdParameters crowd;
  std::uint64_t seats = 10'000;
  double api_per_sec = 10'000;  // the front's throttle
  double api_burst = 5000;
  double workers_at_start = 5;  // batches worked off at once when the queue becomes active
  double workers_more_per_sec = 5;
  double workers_most = 1000;
  double message_sec = 0.1;
  double batch = 10;
  double backend_per_sec = 2000;     // what reservation API, inventory API and database carry, the least of them
  double check_then_act_sec = 0.05;  // of the reservation API; 0: one conditional write
  double poll_interval_sec = 5;      // how often a client asks for its result
  double poll_jitter = 0.1;
  bool only_until_sold_out = false;
};

// Browser → API Gateway → SQS → Lambda workers → reservation API, in ticks of 10 ms; clients ask for their result
// through the same API Gateway. Deterministic by seed.
//
// Modelled: the front's token bucket, which submissions and polls share; a queue without end; workers that begin with 5
// batches at once and grow by 300 a minute (Lambda developer guide, "Configuring scaling behavior for SQS event source
// mappings"), each working off its messages one by one, together no faster than the backend; the same race at the
// stock as in direct access.
// Not modelled: SQS's best-effort order and second deliveries (standard queues promise neither order nor once), either
// of which only makes it less fair and more oversold; failed messages and their visibility time-out; cold starts.
PatternRun simulate_queue(const QueueParameters& parameters, std::uint64_t seed);

}  // namespace tacos::plan
