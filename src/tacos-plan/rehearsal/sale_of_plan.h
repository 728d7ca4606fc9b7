#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"
#include "tacos-plan/plan/plan.h"
#include "tacos-plan/simulation/ladder.h"
#include "tacos-plan/simulation/sale_parameters.h"

namespace tacos::plan {

// The sale that a plan is for, as the simulation plays it.
//
//   arrivals    users. arrival_sec: evenly over it; 0: everybody stands in line when the sale opens
//   polling     poll, poll_interval_sec, poll_share, poll_shortest_sec, poll_longest_sec, poll_jitter
//   admission   the plan's rate, admission_burst (left at its default it grows to what one tick needs), turn_ttl_sec,
//               grant_ttl_sec, heartbeat_ttl_sec. at_sell_out: stop calls in no more people than seats are free and
//               tells the line of the last payment; go-on knows nothing of seats
//   seats       seats, tickets_per_buyer, hold_ttl_sec
//   behaviour   conversion, no_show, patience_sec; checkout_sec as 2 : 2 : 10 of thinking, choosing and paying on
//               average
//   gateway     pod_capacity less mesh_cpu, pods_at_least as the minimum, the plan's pods as the maximum,
//               pods_at_opening (0: the plan's), pod_utilisation as the autoscaler's target, metric_delay_sec,
//               scaler_period_sec, pod_start_sec, node_start_sec, spot_share; pods of a node by node_vcpu and pod_vcpu
//   Redis       the hot slot's thread by the plan's operations: joins and admissions as they are; what status calls,
//               heartbeats and the gateways' reading of the watermark take at the plan's peak is laid upon the status
//               calls, and a KEYS grows with the line. At the plan's peak this makes the plan's utilisation
//   backends    reservation_capacity, inventory_capacity, payment_capacity
//   horizon     an hour, and longer when the plan's line takes longer to be let in
//
// Not taken: bot_share. The plan counts users as one crowd, and what the simulation's scripts do beyond it (coming
// first, asking every second) would set the plan's figures against those of another crowd. What has no quantity keeps
// the simulation's default: payments that fail, time-outs, retries, the tolerance and limits of the autoscaler.
//
// Fails on what the simulation can't play, naming the flag that can be set differently.
core::Result<SaleParameters> sale_of_plan(const Plan& plan);

// The climb through these rates, with the sale's gateway (which begins at its minimum and may grow to what the highest
// rung needs), Redis and backends, while the plan's rate is let in.
core::Result<LadderParameters> ladder_of_plan(const Plan& plan, const SaleParameters& sale,
                                              const std::vector<double>& requests_per_sec);

inline constexpr std::size_t kMostRungs = 20;

// "1k,5k,10k": 1 to kMostRungs rates above 0, in any order. Its faults name --rungs.
core::Result<std::vector<double>> read_rungs(std::string_view text);

}  // namespace tacos::plan
