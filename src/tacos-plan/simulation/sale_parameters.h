#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"

namespace tacos::plan {

// How the crowd comes, in seconds after the opening.
struct ArrivalParameters {
  enum class Shape : std::uint8_t {
    kBurst,  // everybody at the opening
    kRamp,   // evenly over spread_sec
    kDecay,  // exponentially rarer: 63 % have come after spread_sec
  };
  Shape shape = Shape::kBurst;
  std::uint32_t users = 300'000;
  double spread_sec = 60;
  // Of a burst: the people joined before the opening, which asked nothing of anybody that still counts, and by now ask
  // as evenly as they came. Otherwise all of them join at the opening, in the same hundredth of a second.
  bool in_line_at_opening = false;
  double bot_share = 0;       // of the users; scripts come first, ask often and have all the patience in the world
  double bot_spread_sec = 1;  // they come evenly over this, from the opening on
  double bot_poll_sec = 1;
};

struct PollParameters {
  enum class Kind : std::uint8_t {
    kFixed,       // every interval_sec
    kByPosition,  // clamp(position / admission rate × share_of_wait, shortest, longest): what tacos-gateway answers
  };
  Kind kind = Kind::kFixed;
  double interval_sec = 5;
  double share_of_wait = 0.25;
  double shortest_sec = 1;
  double longest_sec = 20;
  double jitter_share = 0.1;  // each interval is multiplied by 1 ± this, evenly
};

struct AdmissionParameters {
  enum class AfterSellOut : std::uint8_t {
    kStopAndTell,   // nobody else is called, and the next answer says sold out
    kStopSilently,  // nobody else is called, and nobody is told
    kGoOn,          // the room doesn't know: it calls everybody in, for nothing
  };
  double rate_per_sec = 1000;
  double burst = 100;
  double tick_sec = 0.01;        // how often the room calls people in
  bool coupled_to_seats = true;  // never more turns and grants than free seats
  AfterSellOut after_sell_out = AfterSellOut::kStopAndTell;
  double turn_ttl_sec = 30;
  double grant_ttl_sec = 30;
  double heartbeat_ttl_sec = 60;
};

struct SeatParameters {
  std::uint32_t seats = 10'000;
  double hold_ttl_sec = 300;
  double tickets_per_buyer = 1;          // the mean; a buyer wants one of the two whole numbers beside it
  std::vector<double> ticket_weights{};  // of 1, 2, 3 … tickets; takes the place of the mean when not empty
};

struct BehaviourParameters {
  double no_show_share = 0;     // of those who see their turn, let it lapse
  double conversion_share = 1;  // of those who enter, go on to reserve
  double payment_success_share = 1;
  double think_mean_sec = 2;        // from seeing the turn to entering, exponential
  double choose_mean_sec = 2;       // from entering to reserving, exponential
  double pay_mean_sec = 10;         // from reserving to paying, exponential
  double patience_mean_sec = 0;     // in line, exponential; 0: everybody waits to the end
  double says_goodbye_share = 0.5;  // of those who lose patience; the others just stop asking, and are swept
  double refresh_share = 0;         // of those told "sold out", ask again and again
  double refresh_every_sec = 20;
  double refresh_for_sec = 120;
};

// What one pod carries is the original's measurement turned round: 30 pods at 30,000 requests per second used 15 % of
// their CPU.
struct FleetParameters {
  double requests_per_sec_per_pod = 6667;
  std::uint32_t minimum_pods = 3;
  std::uint32_t maximum_pods = 30;
  std::uint32_t pods_at_opening = 30;
  double timeout_sec = 10;      // a request that would wait longer, at gateway and store together, is shed
  std::uint32_t retries = 2;    // of a shed request, by the client
  double retry_spread_sec = 1;  // a client tries again evenly within this after its time-out
  // The autoscaler: Kubernetes' defaults.
  double target_utilisation = 0.15;
  double tolerance = 0.1;
  double sync_sec = 15;
  double metric_delay_sec = 15;   // the age of the youngest measurement that it sees
  double metric_window_sec = 15;  // what a measurement is the mean of
  std::uint32_t up_pods = 4;      // at most the larger of these two per up_period_sec
  double up_share = 1;
  double up_period_sec = 15;
  double down_share = 1;
  double down_period_sec = 15;
  double down_stabilisation_sec = 300;
  // What stands between wanting a pod and having it.
  double pod_start_sec = 20;   // image pull, boot, readiness
  double node_start_sec = 60;  // when all nodes are full
  std::uint32_t pods_per_node = 10;
  std::uint32_t spare_nodes = 0;  // empty ones, standing by at the opening
  double spot_share = 0;          // of the nodes
  double spot_interruptions_per_node_hour = 0;
  double spot_notice_sec = 120;
};

// One thread executes commands: the one of the slot that holds the line. Seconds of its CPU for each kind of call.
struct RedisParameters {
  double status_cpu_sec = 10e-6;
  double status_cpu_sec_per_waiting = 0;  // the original's KEYS: grows with the number in line
  double join_cpu_sec = 15e-6;
  double enter_cpu_sec = 20e-6;
  double leave_cpu_sec = 15e-6;
};

// Requests per second that each carries. Only their utilisation is worked out: they don't delay anybody.
struct BackendParameters {
  double reservation_per_sec = 3000;
  double inventory_per_sec = 5000;
  double payment_per_sec = 1000;
};

// A sale, in full.
struct SaleParameters {
  ArrivalParameters arrivals{};
  PollParameters polling{};
  AdmissionParameters admission{};
  SeatParameters seating{};
  BehaviourParameters behaviour{};
  FleetParameters gateway{};
  RedisParameters redis{};
  BackendParameters backends{};
  double horizon_sec = 3600;         // the simulation ends here even if people still wait
  double run_on_sec = 0;             // and goes on this long after the last of them, to see the fleet shrink
  double timeline_interval_sec = 0;  // whole seconds; 0: 1 s, or as many as keep the timeline to 600 points
};

// Says which parameter is out of its range, and what the range is.
core::Result<void> check(const SaleParameters& parameters);

}  // namespace tacos::plan
