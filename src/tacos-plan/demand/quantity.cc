#include "tacos-plan/demand/quantity.h"

#include <algorithm>
#include <array>

namespace tacos::plan {
namespace {

using Q = Quantity;
using U = QuantityUnit;

constexpr std::string_view kAsked = "the sale's own; ask whoever runs it";
constexpr std::string_view kOriginal = "the original design, October 2025";
constexpr std::string_view kAssumed = "assumed: measure it, or set it";
constexpr std::string_view kGatewayDefault = "tacos-gateway's default (docs/gateway.md)";

// In the order of Quantity; a test holds that. Where the source says "assumed", the plan says so beside the number.
constexpr std::array<QuantitySpec, kQuantities> kSpecs{{
    {Q::kUsers, "users", "sale", U::kCount, 300'000, 1, 1e8, "people who come for the sale", kAsked},
    {Q::kSeats, "seats", "sale", U::kCount, 10'000, 1, 1e8, "tickets on sale", kAsked},
    {Q::kTargetWait, "target_wait_sec", "sale", U::kSeconds, 300, 1, 604'800, "wait that is promised", kAsked},
    {Q::kTargetPercentile, "target_percentile", "sale", U::kNumber, 100, 1, 100,
     "of the users, in the order they came, the wait is promised to this percentage", "100: the last in line too"},
    {Q::kAdmissionRate, "admission_rate", "sale", U::kPerSecond, 0, 0, 1e6,
     "users let in per second; 0: worked out from the rules", "worked out unless given"},
    {Q::kAdmissionBurst, "admission_burst", "sale", U::kCount, 100, 0, 1e6, "users let in at once after a lull",
     kGatewayDefault},
    {Q::kSaleTime, "sale_sec", "sale", U::kSeconds, 1800, 1, 604'800, "time in which the seats are to be sold",
     kOriginal},
    {Q::kGatherTime, "gather_sec", "sale", U::kSeconds, 60, 1, 604'800,
     "time over which the crowd joins before the sale opens; sets the rate of joins when arrival_sec is 0", kAssumed},
    {Q::kArrivalTime, "arrival_sec", "sale", U::kSeconds, 0, 0, 604'800,
     "time over which the crowd comes once the sale is open; 0: everyone stands in line when it opens", kAssumed},
    {Q::kTicketsPerBuyer, "tickets_per_buyer", "sale", U::kNumber, 1, 1, 100, "tickets that a buyer takes on average",
     kAssumed},
    {Q::kConversion, "conversion", "sale", U::kShare, 1, 0.001, 1, "share of those let in who buy",
     "assumed: everyone, the hardest case for what stands behind"},
    {Q::kNoShow, "no_show", "sale", U::kShare, 0, 0, 0.99, "share of those called in who let their turn lapse",
     "assumed: nobody, the hardest case for what stands behind"},
    {Q::kPatience, "patience_sec", "sale", U::kSeconds, 0, 0, 604'800,
     "mean time after which somebody in line gives up, exponentially spread; 0: nobody does", kAssumed},
    {Q::kBotShare, "bot_share", "sale", U::kShare, 0.2, 0, 0.99, "share of the waiting crowd that is bots", kOriginal},
    {Q::kEventsPerMonth, "events_per_month", "sale", U::kNumber, 4, 0.01, 10'000, "sales like this in a month",
     kAssumed},
    {Q::kEventHours, "event_hours", "sale", U::kNumber, 2, 0.1, 744,
     "hours that the capacity for a sale stands: raised before, kept until it is quiet", kAssumed},

    {Q::kPollInterval, "poll_interval_sec", "polling", U::kSeconds, 5, 0.1, 3600, "how often somebody in line asks",
     kOriginal},
    {Q::kPollJitter, "poll_jitter", "polling", U::kShare, 0.1, 0, 0.9, "spread of that interval, to either side",
     kGatewayDefault},
    {Q::kPollShare, "poll_share", "polling", U::kShare, 0.25, 0.01, 1,
     "with intervals by position: the interval's share of the wait that is left", kGatewayDefault},
    {Q::kPollShortest, "poll_shortest_sec", "polling", U::kSeconds, 1, 0.1, 3600, "its lower bound", kGatewayDefault},
    {Q::kPollLongest, "poll_longest_sec", "polling", U::kSeconds, 20, 0.1, 3600, "its upper bound", kGatewayDefault},
    {Q::kStatusResponseBytes, "status_response_bytes", "network", U::kBytes, 300, 1, 1e7,
     "a status answer on the wire, headers included", "measured on tacos-gateway: 292 bytes for one at the head"},
    {Q::kStatusRequestBytes, "status_request_bytes", "network", U::kBytes, 600, 1, 1e7,
     "a status request on the wire, with a browser's headers and cookies", kAssumed},
    {Q::kPageBytes, "page_bytes", "network", U::kBytes, 100'000, 0, 1e9,
     "the waiting page and what it loads, once a user, from the edge", kAssumed},
    {Q::kPageRequests, "page_requests", "network", U::kNumber, 10, 1, 1000,
     "requests that the waiting page makes at the edge", kAssumed},
    {Q::kUsersPerAddress, "users_per_address", "network", U::kNumber, 1.5, 1, 1e6,
     "users behind one IP address; offices, campuses and mobile carriers share theirs", kAssumed},

    {Q::kEdgeRateLimit, "edge_rate_limit", "network", U::kCount, 100, 1, 1e7,
     "requests of one address in 5 min that the edge lets through", kOriginal},
    {Q::kEdgeRules, "edge_rules", "network", U::kCount, 5, 0, 1000, "rules at the edge, each billed by the month",
     "assumed: rate, geography, known bots, two of one's own"},
    {Q::kReservationCapacity, "reservation_capacity", "backend", U::kPerSecond, 3000, 1, 1e7,
     "reservations a second that the reservation API carries", kOriginal},
    {Q::kInventoryCapacity, "inventory_capacity", "backend", U::kPerSecond, 5000, 1, 1e7,
     "requests a second that the inventory API carries", kOriginal},
    {Q::kPaymentCapacity, "payment_capacity", "backend", U::kPerSecond, 3000, 1, 1e7,
     "payments a second that the payment API carries", "assumed: ask the provider, whose own limit may be 100/s"},
    {Q::kBackendUtilisation, "backend_utilisation", "backend", U::kShare, 0.7, 0.05, 1,
     "share of a backend's capacity that a plan may use", "assumed: at 70 % an M/M/1 queue waits 2.3 service times"},
    {Q::kTurnTtl, "turn_ttl_sec", "backend", U::kSeconds, 30, 1, 86'400, "time to take one's turn", kGatewayDefault},
    {Q::kHoldTtl, "hold_ttl_sec", "backend", U::kSeconds, 120, 1, 86'400, "time that a seat is held for its payment",
     kGatewayDefault},
    {Q::kCheckoutTime, "checkout_sec", "backend", U::kSeconds, 30, 0, 86'400,
     "from entering to having paid, for a person who fills in a form", kAssumed},

    {Q::kPayingShare, "paying_share", "backend", U::kShare, 0.7, 0, 1,
     "share of a checkout that passes between holding a seat and having paid for it",
     "assumed: the rest goes into noticing and choosing"},
    {Q::kPodCapacity, "pod_capacity", "gateway", U::kPerSecond, 5000, 1, 1e7,
     "status requests a second that one gateway pod carries at full CPU",
     "assumed: tacos-gateway answers 142,000/s on a core flat out without TLS; a pod behind proxies, with TLS and half "
     "a hyper-thread, a small part of it. The original ran 1,000/s a pod"},
    {Q::kPodUtilisation, "pod_utilisation", "gateway", U::kShare, 0.6, 0.05, 1, "share of that which a plan may use",
     "assumed: 60 %, which also is a usual target of an autoscaler"},
    {Q::kPodVcpu, "pod_vcpu", "gateway", U::kNumber, 1, 0.05, 192, "vCPU of a pod", kAssumed},
    {Q::kPodMemory, "pod_memory_bytes", "gateway", U::kBytes, 256e6, 1e6, 1e13, "memory of a pod", kAssumed},
    {Q::kPodConnections, "pod_connections", "gateway", U::kCount, 16'000, 1, 1e7, "client connections that a pod holds",
     kGatewayDefault},
    {Q::kConnectionShare, "connection_share", "gateway", U::kShare, 1, 0.0001, 1,
     "share of the users' connections that reach the pods: 1 through a TCP balancer, little behind one that reuses "
     "them",
     kAssumed},
    {Q::kPodsAtLeast, "pods_at_least", "gateway", U::kCount, 3, 1, 100'000, "pods that always run",
     "one a zone; the original's first rung"},
    {Q::kZones, "zones", "gateway", U::kCount, 3, 1, 20, "availability zones; the plan outlives the loss of one",
     kAssumed},
    {Q::kNodeVcpu, "node_vcpu", "gateway", U::kNumber, 4, 1, 192, "vCPU of a node (m7g.xlarge)", "the price list"},
    {Q::kNodeAllocatable, "node_allocatable", "gateway", U::kShare, 0.9, 0.1, 1,
     "share of a node's CPU for pods; the rest is the system's, the agents' and the mesh's own", kAssumed},
    {Q::kMeshCpu, "mesh_cpu", "gateway", U::kShare, 0, 0, 1,
     "CPU that the service mesh adds: 15 % with sidecars, 5 % ambient by the original's measurements", kOriginal},
    {Q::kMeshMemory, "mesh_memory_bytes", "gateway", U::kBytes, 0, 0, 1e10,
     "memory that it adds to a pod: 50 MB with sidecars", kOriginal},
    {Q::kStatusPromise, "status_p99_sec", "gateway", U::kSeconds, 0.05, 0.0001, 60,
     "p99 of a status answer that the plan promises", "assumed: 50 ms, the gate of scenarios/ticket-open.json"},
    {Q::kErrorPromise, "error_share", "gateway", U::kShare, 0.001, 0, 1, "share of requests that may fail",
     "assumed: 0.1 %, as that gate; the original accepted 1 %"},

    {Q::kPodsAtOpening, "pods_at_opening", "scaling", U::kCount, 0, 0, 10'000,
     "pods that are ready when the sale opens, in a simulation; 0: all that the plan asks for", "scaled up beforehand"},
    {Q::kMetricDelay, "metric_delay_sec", "scaling", U::kSeconds, 15, 0, 3600, "age of the CPU figure that it acts on",
     "Kubernetes metrics-server scrapes every 15 s by default"},
    {Q::kScalerPeriod, "scaler_period_sec", "scaling", U::kSeconds, 15, 1, 3600, "time between its decisions",
     "Kubernetes HPA's default"},
    {Q::kPodStart, "pod_start_sec", "scaling", U::kSeconds, 20, 0, 3600, "image pull, start, readiness of a pod",
     kAssumed},
    {Q::kNodeStart, "node_start_sec", "scaling", U::kSeconds, 60, 0, 3600, "boot of a new node",
     "assumed: tens of seconds"},
    {Q::kSpotShare, "spot_share", "scaling", U::kShare, 0, 0, 1, "share of gateway nodes bought as spot",
     "assumed: none; the original ran 70 %"},
    {Q::kSpotDiscount, "spot_discount", "scaling", U::kShare, 0.4, 0, 0.95, "what spot costs less than on demand",
     "24-hour means of 2026-09-19: 39 % (m7g.large), 43 % (m7g.xlarge); the original counted 70 %"},

    {Q::kUserIdBytes, "user_id_bytes", "redis", U::kBytes, 16, 1, 512, "what Redis keeps of a user's id",
     "tacos-gateway keeps a keyed hash of 16 bytes; a UUID as text has 36"},
    {Q::kHeartbeatInterval, "heartbeat_interval_sec", "redis", U::kSeconds, 20, 0.1, 3600,
     "how often a user's presence is written; asking more often writes nothing", "a third of heartbeat_ttl_sec"},
    {Q::kHeartbeatTtl, "heartbeat_ttl_sec", "redis", U::kSeconds, 60, 1, 86'400,
     "time after which somebody who no longer asks has left", kGatewayDefault},
    {Q::kGrantTtl, "grant_ttl_sec", "redis", U::kSeconds, 30, 1, 86'400, "time that an unused grant lives",
     kGatewayDefault},
    {Q::kLineBuckets, "line_buckets", "redis", U::kCount, 1, 1, 256,
     "buckets of tickets over which heartbeats and grants are spread",
     "tacos-gateway's --line-buckets; 1: everything of an event in one slot"},
    {Q::kRedisShards, "redis_shards", "redis", U::kCount, 0, 0, 1000, "shards; 0: worked out",
     "worked out unless given"},
    {Q::kRedisReplicas, "redis_replicas", "redis", U::kCount, 1, 0, 5, "replicas of each shard", kOriginal},
    {Q::kRedisCpuLimit, "redis_cpu_limit", "redis", U::kShare, 0.7, 0.05, 1,
     "share of the one executing core that a plan may use", "scaling targets of 35-70 %; alarms stand at 90 %"},
    {Q::kRedisMemoryLimit, "redis_memory_limit", "redis", U::kShare, 0.75, 0.05, 1, "share of a node's memory for data",
     "25 % is reserved by default"},
    {Q::kRedisNetworkLimit, "redis_network_limit", "redis", U::kShare, 0.7, 0.05, 1,
     "share of a node's baseline bandwidth", kAssumed},
    {Q::kWatermarkRefresh, "watermark_refresh_sec", "redis", U::kSeconds, 0.25, 0.01, 60,
     "how often each gateway reads the served watermark and the departures", "a few times a second"},

    {Q::kRedisCommandBytes, "redis_command_bytes", "redis", U::kBytes, 300, 1, 1e6,
     "a call to Redis and its answer on the wire",
     "measured on tacos-gateway's scripts: 315 of a join, 275 of a buyer's calls"},
    {Q::kRedisPipeline, "redis_pipeline", "redis", U::kNumber, 2, 1, 1000,
     "calls that come to Redis at once while it is not busy",
     "measured: 1 of joins at 5,000/s, 2.3 of buyers' calls at 24,000/s"},
    {Q::kRedisWakeUp, "redis_wake_up_sec", "redis", U::kSeconds, 50e-6, 0, 0.01,
     "CPU that a call takes on top when it finds Redis asleep; it shows in a monitor and takes no capacity",
     "measured on a machine that Redis shared with gateway and generator; less on cores of its own"},
    {Q::kRedisConnections, "redis_connections", "redis", U::kCount, 4, 1, 10'000, "connections of a pod to Redis",
     "assumed: one a thread"},
    {Q::kItemBytes, "item_bytes", "dynamodb", U::kBytes, 1000, 1, 400'000, "size of an item",
     "assumed: up to 1 KB is one write unit"},
    {Q::kWritesPerPurchase, "writes_per_purchase", "dynamodb", U::kNumber, 4, 0.1, 1000,
     "items written for one purchase: reservation, seat, payment, order", kAssumed},
    {Q::kReadsPerPurchase, "reads_per_purchase", "dynamodb", U::kNumber, 4, 0, 1000, "items read for one purchase",
     kAssumed},
    {Q::kTransactionShare, "transaction_share", "dynamodb", U::kShare, 0.5, 0, 1,
     "share of the writes made in transactions, which cost double", "assumed: reservation and seat together"},
    {Q::kFailedWriteShare, "failed_write_share", "dynamodb", U::kShare, 0.05, 0, 0.99,
     "share of conditional writes that lose their race; they are billed too", kAssumed},
    {Q::kHotItemShare, "hot_item_share", "dynamodb", U::kShare, 0, 0, 1,
     "share of the writes that hit one item, such as a counter of seats left", "assumed: no counter; one item a seat"},

    {Q::kRedisHoursPerEvent, "redis_hours_per_event", "cost", U::kNumber, 2, 0.1, 744,
     "hours that the Redis for a sale stands, when it is not kept", kAssumed},
    {Q::kLogBytesPerRequest, "log_bytes_per_request", "cost", U::kBytes, 250, 0, 1e6, "log line of a request",
     kAssumed},
    {Q::kLogSampling, "log_sampling", "cost", U::kShare, 0.01, 0, 1, "share of status requests that are logged",
     "assumed: errors all, successes 1 %"},
    {Q::kOperatorAccess, "operator_access_usd", "cost", U::kUsd, 200, 0, 1e6,
     "operators' access with roles, expiry and recording, per month", kOriginal},
    {Q::kSharedDatabase, "database_usd", "cost", U::kUsd, 0, 0, 1e7,
     "per month, of a database that the sales share with everything else", "assumed: not the sale's"},

    {Q::kPressTime, "press_sec", "patterns", U::kSeconds, 10, 0.1, 86'400,
     "without a waiting room everyone presses the button when the sale opens: the time over which they do, when "
     "arrival_sec is 0",
     "assumed: 300,000 users in 10 s make the original's 30,000/s"},
    {Q::kClientTimeout, "client_timeout_sec", "patterns", U::kSeconds, 10, 0.1, 600,
     "time after which a client takes a request for lost", kAssumed},
    {Q::kClientRetries, "client_retries", "patterns", U::kCount, 3, 0, 100,
     "times that a person tries again after an error or a time-out before giving up", kAssumed},
    {Q::kClientBackoff, "client_backoff_sec", "patterns", U::kSeconds, 1, 0.01, 600,
     "pause before the first of them, give or take half; each further one is twice as long", kAssumed},
    {Q::kCheckThenAct, "check_then_act_sec", "patterns", U::kSeconds, 0.05, 0, 60,
     "mean time between reading the stock and the write that takes from it, when nothing guards the two; 0: one "
     "conditional write",
     "assumed: two round trips to a database under load"},
    {Q::kDatabaseCapacity, "database_capacity", "patterns", U::kPerSecond, 2000, 1, 1e7,
     "reservations a second that one relational database carries", kAssumed},
    {Q::kServiceQueue, "service_queue", "patterns", U::kCount, 50'000, 1, 1e7,
     "requests that wait at a service before it refuses more",
     "assumed: some servers with the accept queues and threads of a common default each"},
    {Q::kFunctionTime, "function_sec", "patterns", U::kSeconds, 0.05, 0.01, 900, "a function's run for one request",
     kAssumed},
    {Q::kFunctionColdStart, "function_cold_start_sec", "patterns", U::kSeconds, 0.5, 0, 60,
     "start of a new execution environment, before that", kAssumed},
    {Q::kFunctionMemory, "function_memory_mb", "patterns", U::kNumber, 512, 128, 10'240, "memory of a function",
     kAssumed},
    {Q::kMessageTime, "message_sec", "patterns", U::kSeconds, 0.1, 0.001, 900,
     "a queue worker's run for one message: the reservation API's answer and the stored result", kAssumed},
    {Q::kMessageBatch, "message_batch", "patterns", U::kCount, 10, 1, 10,
     "messages that a worker takes at once, and works off one by one", "the default of an event source mapping"},
    {Q::kEdgeBotsBlocked, "edge_bots_blocked", "patterns", U::kShare, 0.9, 0, 1,
     "share of the bots that the gateway's edge stops: rate rules, bot rules, CAPTCHA",
     "assumed: the original blocked 25 % of all requests with 20 % bots, and doesn't say how many got through"},
}};

}  // namespace

const QuantitySpec& spec_of(Quantity quantity) {
  return kSpecs[static_cast<std::size_t>(quantity)];
}

std::span<const QuantitySpec> all_quantities() {
  return kSpecs;
}

std::optional<Quantity> quantity_named(std::string_view name) {
  const auto found = std::find_if(kSpecs.begin(), kSpecs.end(), [&](const auto& spec) { return spec.name == name; });
  if (found == kSpecs.end()) return std::nullopt;
  return found->id;
}

std::string flag_of(const QuantitySpec& spec) {
  std::string_view name = spec.name;
  if (name.ends_with("_sec")) name.remove_suffix(4);
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string_view name_of(QuantityUnit unit) {
  switch (unit) {
    case QuantityUnit::kCount:
      return "count";
    case QuantityUnit::kNumber:
      return "number";
    case QuantityUnit::kSeconds:
      return "s";
    case QuantityUnit::kPerSecond:
      return "1/s";
    case QuantityUnit::kShare:
      return "share";
    case QuantityUnit::kBytes:
      return "bytes";
    case QuantityUnit::kUsd:
      return "USD";
  }
  return "";
}

}  // namespace tacos::plan
