#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace tacos::load {

// How a crowd behaves in front of a waiting room. Defaults are those of the headline run.
struct QueueJourneyPlan {
  std::string event_id = "sale-{run}";  // {run} becomes the run's start time, so that every run gets a fresh line
  std::string api_prefix;               // "" or such as /api/v1

  core::Nanos poll_interval = std::chrono::seconds(10);
  bool poll_fixed_delay = false;   // false: interval from one intended poll to the next; true: from the answer
  double poll_jitter = 0.1;        // share of the interval, 0 to 0.9: uniform in interval × (1 ± jitter)
  bool honour_poll_after = false;  // ask again when the server says (poll_after_ms) instead of at the interval
  bool honour_retry_after = true;  // on 429 and 503

  core::Nanos patience{0};          // abandon the line after this long; 0: never
  double tells_when_leaving = 0.5;  // share of those who abandon that say so (DELETE /queue/leave)

  // From the step before to this one: what a person needs to react, choose and pay.
  core::Nanos think_enter = std::chrono::milliseconds(200);
  core::Nanos think_reserve = std::chrono::seconds(1);
  core::Nanos think_pay = std::chrono::milliseconds(500);
  core::Nanos think_confirm = std::chrono::milliseconds(200);

  bool buys = true;  // false: the journey ends with the grant
  std::uint32_t seats_per_user = 1;
  double payment_failures = 0;          // share of payments that the bank refuses
  bool refreshes_when_sold_out = true;  // keeps asking, as people do; false: goes home
  bool rejoins = false;                 // whoever lost their place joins again; false: goes home
  std::uint32_t most_attempts = 5;      // of one checkout step before the user gives up
};

// One request, over and over, at the scheduled rate.
struct SingleRequestPlan {
  std::string method = "GET";  // GET, POST, DELETE
  std::string target = "/";
  std::string body;
  int expected_status = 0;  // 0: any 2xx or 3xx
};

}  // namespace tacos::load
