#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tacos::plan {

// Every number that a plan is made from. Each has a name, a unit, a range and a source (quantity.cc), and can be given
// by a flag, by a file or by a measured run. What a plan works out from them is not here.
enum class Quantity : std::uint8_t {
  // The sale.
  kUsers,
  kSeats,
  kTargetWait,
  kTargetPercentile,
  kAdmissionRate,
  kAdmissionBurst,
  kSaleTime,
  kGatherTime,
  kArrivalTime,
  kTicketsPerBuyer,
  kConversion,
  kNoShow,
  kPatience,
  kBotShare,
  kEventsPerMonth,
  kEventHours,
  // Polling and the network.
  kPollInterval,
  kPollJitter,
  kPollShare,
  kPollShortest,
  kPollLongest,
  kStatusResponseBytes,
  kStatusRequestBytes,
  kPageBytes,
  kPageRequests,
  kUsersPerAddress,
  kEdgeRateLimit,
  kEdgeRules,
  // Behind the waiting room.
  kReservationCapacity,
  kInventoryCapacity,
  kPaymentCapacity,
  kBackendUtilisation,
  kTurnTtl,
  kHoldTtl,
  kCheckoutTime,
  kPayingShare,
  // The gateway.
  kPodCapacity,
  kPodUtilisation,
  kPodVcpu,
  kPodMemory,
  kPodConnections,
  kConnectionShare,
  kPodsAtLeast,
  kZones,
  kNodeVcpu,
  kNodeAllocatable,
  kMeshCpu,
  kMeshMemory,
  kStatusPromise,
  kErrorPromise,
  // Scaling.
  kPodsAtOpening,
  kMetricDelay,
  kScalerPeriod,
  kPodStart,
  kNodeStart,
  kSpotShare,
  kSpotDiscount,
  // Redis.
  kUserIdBytes,
  kHeartbeatInterval,
  kHeartbeatTtl,
  kGrantTtl,
  kLineBuckets,
  kRedisShards,
  kRedisReplicas,
  kRedisCpuLimit,
  kRedisMemoryLimit,
  kRedisNetworkLimit,
  kWatermarkRefresh,
  kRedisCommandBytes,
  kRedisPipeline,
  kRedisWakeUp,
  kRedisConnections,
  // DynamoDB.
  kItemBytes,
  kWritesPerPurchase,
  kReadsPerPurchase,
  kTransactionShare,
  kFailedWriteShare,
  kHotItemShare,
  // Price and month.
  kRedisHoursPerEvent,
  kLogBytesPerRequest,
  kLogSampling,
  kOperatorAccess,
  kSharedDatabase,
  // Other ways to build the sale (compare).
  kPressTime,
  kClientTimeout,
  kClientRetries,
  kClientBackoff,
  kCheckThenAct,
  kDatabaseCapacity,
  kServiceQueue,
  kFunctionTime,
  kFunctionColdStart,
  kFunctionMemory,
  kMessageTime,
  kMessageBatch,
  kEdgeBotsBlocked,
};
inline constexpr std::size_t kQuantities = static_cast<std::size_t>(Quantity::kEdgeBotsBlocked) + 1;

enum class QuantityUnit : std::uint8_t {
  kCount,      // whole
  kNumber,     // any
  kSeconds,    // "5m" or seconds
  kPerSecond,  // "3k" or a number
  kShare,      // "20%" or 0.2
  kBytes,      // "1k" or a number
  kUsd,
};

// What is known of a quantity before anybody says a value.
struct QuantitySpec {
  Quantity id{};
  std::string_view name{};  // as flags, files and JSON call it: snake_case with the unit where it has one
  std::string_view group{};
  QuantityUnit unit = QuantityUnit::kNumber;
  double value = 0;
  double least = 0, most = 0;
  std::string_view meaning{};
  std::string_view source{};
};

const QuantitySpec& spec_of(Quantity quantity);
std::span<const QuantitySpec> all_quantities();
std::optional<Quantity> quantity_named(std::string_view name);

// "--target-wait" for target_wait_sec.
std::string flag_of(const QuantitySpec& spec);

// "s", "1/s", "share", "bytes", "USD", "count", "number".
std::string_view name_of(QuantityUnit unit);

}  // namespace tacos::plan
