#include "tacos-plan/report/simulation_json.h"

#include <cmath>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tacos-plan/report/plan_json.h"
#include "tacos-plan/report/plan_parts_json.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using json = nlohmann::ordered_json;

// What has no value is null.
json number_or_null(double value) {
  return std::isfinite(value) ? json(value) : json(nullptr);
}

// Times that never came are negative in the simulation.
json moment(double sec) {
  return sec < 0 ? json(nullptr) : json(sec);
}

std::string key_of(Ending ending) {
  std::string key(name_of(ending));
  for (char& c : key) {
    if (c == ' ') c = '_';
  }
  return key;
}

json sale_of(const SaleParameters& sale) {
  const FleetParameters& gateway = sale.gateway;
  return {{"admission_rate_per_sec", sale.admission.rate_per_sec},
          {"admission_burst", sale.admission.burst},
          {"think_mean_sec", sale.behaviour.think_mean_sec},
          {"choose_mean_sec", sale.behaviour.choose_mean_sec},
          {"pay_mean_sec", sale.behaviour.pay_mean_sec},
          {"pods_at_opening", gateway.pods_at_opening},
          {"minimum_pods", gateway.minimum_pods},
          {"maximum_pods", gateway.maximum_pods},
          {"requests_per_sec_per_pod", gateway.requests_per_sec_per_pod},
          {"timeout_sec", gateway.timeout_sec},
          {"retries", gateway.retries},
          {"redis_status_cpu_sec", sale.redis.status_cpu_sec},
          {"redis_status_cpu_sec_per_waiting", sale.redis.status_cpu_sec_per_waiting},
          {"redis_join_cpu_sec", sale.redis.join_cpu_sec},
          {"redis_enter_cpu_sec", sale.redis.enter_cpu_sec},
          {"horizon_sec", sale.horizon_sec}};
}

json summary_of(const Rehearsal& rehearsal) {
  const SaleSummary& s = rehearsal.result.summary;
  json endings = json::object();
  for (std::size_t i = 0; i < kEndings; ++i) endings[key_of(static_cast<Ending>(i))] = s.users[i];
  const bool none = s.first_saturated >= kComponents;
  return {{"users", rehearsal.sale.arrivals.users},
          {"endings", endings},
          {"arrived", s.arrived},
          {"joined", s.joined},
          {"admitted", s.admitted},
          {"entered", s.entered},
          {"expired_turns", s.expired_turns},
          {"swept_tickets", s.swept_tickets},
          {"seats_sold", s.seats_sold},
          {"oversold", s.oversold},
          {"seats_gone_sec", moment(s.seats_gone_sec)},
          {"last_buyer_called_sec", moment(s.last_buyer_called_sec)},
          {"sold_out_sec", moment(s.sold_out_sec)},
          {"ended_sec", s.ended_sec},
          {"polls", s.polls},
          {"polls_in_vain", s.polls_in_vain},
          {"peak_status_per_sec", s.peak_status_per_sec},
          {"peak_waiting", s.peak_waiting},
          {"shed", s.shed},
          {"first_saturated", none ? json(nullptr) : json(name_of(static_cast<Component>(s.first_saturated)))},
          {"pod_hours", s.pod_hours},
          {"peak_pods", s.peak_pods},
          {"interrupted_nodes", s.interrupted_nodes}};
}

json wait_of(const WaitSummary& w) {
  return {{"count", w.count},     {"mean_sec", w.mean_sec}, {"p50_sec", w.p50_sec}, {"p90_sec", w.p90_sec},
          {"p95_sec", w.p95_sec}, {"p99_sec", w.p99_sec},   {"max_sec", w.max_sec}};
}

json components_of(const SaleSummary& s) {
  json list = json::array();
  for (std::size_t i = 0; i < kComponents; ++i) {
    list.push_back({{"name", name_of(static_cast<Component>(i))},
                    {"peak_utilisation", s.loads[i].peak_utilisation},
                    {"saturated_at_sec", moment(s.loads[i].saturated_at_sec)}});
  }
  return list;
}

json utilisation_of(const std::array<double, kComponents>& shares) {
  json object = json::object();
  for (std::size_t i = 0; i < kComponents; ++i) {
    object[std::string(name_of(static_cast<Component>(i)))] = shares[i];
  }
  return object;
}

json timeline_of(const std::vector<TimelinePoint>& timeline) {
  json list = json::array();
  for (const auto& p : timeline) {
    list.push_back({{"t_sec", p.t_sec},
                    {"arrivals", p.arrivals},
                    {"waiting", p.waiting},
                    {"status_per_sec", p.status_per_sec},
                    {"served_per_sec", p.served_per_sec},
                    {"shed", p.shed},
                    {"admitted", p.admitted},
                    {"bought", p.bought},
                    {"seats_left", p.seats_left},
                    {"pods_ready", p.pods_ready},
                    {"pods_starting", p.pods_starting},
                    {"delay_p50_sec", p.delay_p50_sec},
                    {"delay_max_sec", p.delay_max_sec},
                    {"utilisation", utilisation_of(p.utilisation)}});
  }
  return list;
}

json ladder_of(const std::vector<LadderRung>& rungs) {
  json list = json::array();
  for (const auto& rung : rungs) {
    list.push_back({{"requests_per_sec", rung.requests_per_sec},
                    {"down", rung.down},
                    {"pods_needed", rung.pods_needed},
                    {"pods_before", rung.pods_before},
                    {"pods_after", rung.pods_after},
                    {"settled_sec", moment(rung.settled_sec)},
                    {"lasted_sec", rung.lasted_sec},
                    {"shed", rung.shed},
                    {"delay_max_sec", rung.delay_max_sec},
                    {"utilisation", utilisation_of(rung.utilisation)}});
  }
  return list;
}

json against_of(const std::vector<AgainstPlan>& rows) {
  json list = json::array();
  for (const auto& row : rows) {
    list.push_back({{"name", row.name},
                    {"unit", row.unit},
                    {"planned", number_or_null(row.planned)},
                    {"simulated", number_or_null(row.simulated)},
                    {"ratio", number_or_null(row.ratio())}});
  }
  return list;
}

json findings_of(const std::vector<PlanWarning>& findings) {
  json list = json::array();
  for (const auto& f : findings) {
    list.push_back({{"code", f.code}, {"severity", name_of(f.severity)}, {"text", f.text}});
  }
  return list;
}

}  // namespace

std::string simulation_json(const Rehearsal& rehearsal) {
  const SaleSummary& s = rehearsal.result.summary;
  const json document = {{"schema", Rehearsal::kSchema},
                         {"tool_version", kVersion},
                         {"seed", rehearsal.seed},
                         {"inputs", all_inputs_json(rehearsal.plan.inputs)},
                         {"parameters", sale_of(rehearsal.sale)},
                         {"findings", findings_of(rehearsal.findings)},
                         {"summary", summary_of(rehearsal)},
                         {"waits",
                          {{"to_admission", wait_of(s.wait_to_admission)},
                           {"to_turn", wait_of(s.wait_to_turn)},
                           {"to_sold_out", wait_of(s.wait_to_sold_out)}}},
                         {"components", components_of(s)},
                         {"against_plan", against_of(rehearsal.against)},
                         {"interval_sec", rehearsal.interval_sec()},
                         {"timeline", timeline_of(rehearsal.result.timeline)},
                         {"ladder", ladder_of(rehearsal.rungs)}};
  return document.dump(2) + "\n";
}

}  // namespace tacos::plan
