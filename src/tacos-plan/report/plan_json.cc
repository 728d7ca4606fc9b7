#include "tacos-plan/report/plan_json.h"

#include <string_view>

#include <nlohmann/json.hpp>

#include "tacos-plan/report/plan_parts_json.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using json = nlohmann::ordered_json;

// The inputs are the sale's own quantities and the choices; everything else is an assumption.
constexpr std::string_view kInputGroup = "sale";

json inputs_of(const PlanInputs& in) {
  json object = json::object();
  for (const auto& spec : all_quantities()) {
    if (spec.group == kInputGroup) object[std::string(spec.name)] = in[spec.id];
  }
  for (const auto& choice : all_choices()) object[std::string(choice.name)] = choice_value(in, choice.name);
  return object;
}

json assumptions_of(const PlanInputs& in) {
  json list = json::array();
  for (const auto& spec : all_quantities()) {
    list.push_back(
        {{"name", spec.name}, {"value", in[spec.id]}, {"unit", name_of(spec.unit)}, {"source", in.source(spec.id)}});
  }
  return list;
}

json warnings_of(const Plan& plan) {
  json list = json::array();
  for (const auto& w : plan.warnings) {
    list.push_back({{"code", w.code}, {"severity", name_of(w.severity)}, {"text", w.text}});
  }
  return list;
}

json admission_of(const Plan& plan) {
  const auto& a = plan.admission;
  return {{"rate_per_sec", a.rate},
          {"by_seats_per_sec", a.by_seats},
          {"by_wait_per_sec", a.by_wait},
          {"by_backend_per_sec", a.by_backend},
          {"by_answer_per_sec", a.by_answer},
          {"chosen_by", a.chosen_by},
          {"conflict", a.conflict},
          {"tightest_backend", a.tightest_backend},
          {"max_wait_sec", a.longest_wait},
          {"mean_wait_sec", a.mean_wait},
          {"p50_wait_sec", a.p50_wait},
          {"p90_wait_sec", a.p90_wait},
          {"p95_wait_sec", a.p95_wait},
          {"p99_wait_sec", a.p99_wait},
          {"promised_wait_sec", a.promised_wait},
          {"longest_queue", a.longest_queue},
          {"drained_at_sec", a.drained_at},
          {"sellout_sec", plan.selling.sellout_sec}};
}

json selling_of(const SellingPlan& s) {
  return {{"admissions", s.admissions},
          {"sells_out", s.sells_out},
          {"last_paid_sec", s.last_paid_sec},
          {"in_vain", s.in_vain},
          {"told_sec", s.told_sec},
          {"answer_mean_wait_sec", s.answer_mean_wait},
          {"hours_in_vain", s.hours_in_vain},
          {"answer_max_wait_sec", s.answer_longest_wait},
          {"answer_p50_wait_sec", s.answer_p50_wait},
          {"answer_p90_wait_sec", s.answer_p90_wait},
          {"answer_p95_wait_sec", s.answer_p95_wait},
          {"answer_p99_wait_sec", s.answer_p99_wait},
          {"peak_line", s.peak_line}};
}

json polling_of(const PollingPlan& p) {
  return {{"status_rps", p.status_rps},
          {"bandwidth_bytes_per_sec", p.response_bytes_per_sec},
          {"request_bytes_per_sec", p.request_bytes_per_sec},
          {"fixed_rps", p.fixed_rps},
          {"by_position_rps", p.by_position_rps},
          {"joins_rps", p.joins_rps},
          {"polls_per_event", p.polls_per_event},
          {"polls_gathering", p.polls_gathering},
          {"polls_without_stop", p.polls_without_stop},
          {"polls_if_told", p.polls_if_told},
          {"feedback_mean_sec", p.feedback_mean_sec},
          {"egress_bytes_per_event", p.egress_bytes_per_event}};
}

json redis_of(const RedisPlan& r) {
  json families = json::array(), strategies = json::array(), work = json::array();
  for (const auto& f : r.families) families.push_back({{"key", f.key}, {"entries", f.entries}, {"bytes", f.bytes}});
  for (const auto& s : r.strategies) {
    strategies.push_back(
        {{"position", name_of(s.strategy)}, {"commands_per_sec", s.commands_per_sec}, {"cpu_cores", s.cpu_cores}});
  }
  for (const auto& one : r.work) {
    work.push_back({{"name", one.name},
                    {"per_sec", one.per_second},
                    {"calls", one.calls},
                    {"commands", one.commands},
                    {"cpu_sec", one.cpu_us * 1e-6}});
  }
  return {{"memory_bytes", r.memory_bytes},
          {"calls_per_sec", r.calls_per_sec},
          {"commands_per_sec", r.commands_per_sec},
          {"cpu_cores", r.cpu_cores},
          {"busy_cores", r.busy_cores},
          {"shards", r.shards},
          {"replicas_per_shard", r.replicas_per_shard},
          {"nodes", r.nodes},
          {"node_type", r.node_type},
          {"shards_used", r.shards_used},
          {"shards_by_memory", r.shards_by_memory},
          {"shards_by_cpu", r.shards_by_cpu},
          {"shards_by_network", r.shards_by_network},
          {"connections_bytes", r.connections_bytes},
          {"bandwidth_bytes_per_sec", r.bandwidth_bytes_per_sec},
          {"node_memory_bytes", r.node_memory_bytes},
          {"node_baseline_bytes_per_sec", r.node_baseline_bytes_per_sec},
          {"node_burst_bytes_per_sec", r.node_burst_bytes_per_sec},
          {"hot_slot",
           {{"tag", r.hot_slot.tag},
            {"commands_per_sec", r.hot_slot.commands_per_sec},
            {"cpu_cores", r.hot_slot.cpu_cores},
            {"utilisation", r.hot_slot.utilisation},
            {"memory_bytes", r.hot_slot.memory_bytes}}},
          {"families", families},
          {"work", work},
          {"strategies", strategies}};
}

json dynamodb_of(const DynamoPlan& d) {
  return {{"writes", d.writes},
          {"write_units", d.write_units},
          {"cost_usd_per_event", d.cost_usd_per_event},
          {"purchases", d.purchases},
          {"reads", d.reads},
          {"read_units", d.read_units},
          {"peak_write_units_per_sec", d.peak_write_units_per_sec},
          {"peak_read_units_per_sec", d.peak_read_units_per_sec},
          {"hot_partition_writes_per_sec", d.hot_partition_writes_per_sec},
          {"partitions", d.partitions},
          {"storage_bytes", d.storage_bytes},
          {"cost_by_other_prices_usd", d.cost_by_other_era_usd}};
}

json gateway_of(const GatewayPlan& g) {
  return {{"pods", g.pods},
          {"bound_by", g.bound_by},
          {"pods_by_cpu", g.pods_by_cpu},
          {"pods_by_connections", g.pods_by_connections},
          {"nodes", g.nodes},
          {"connections", g.connections},
          {"requests_per_sec", g.requests_per_sec},
          {"memory_bytes", g.memory_bytes},
          {"scale_up_sec", g.scale_up_sec}};
}

json headroom_of(const std::vector<Headroom>& all) {
  json list = json::array();
  for (const auto& h : all) {
    list.push_back({{"component", h.component},
                    {"utilisation", h.utilisation},
                    {"limit", h.limit},
                    {"used", h.used},
                    {"capacity", h.capacity},
                    {"unit", h.unit},
                    {"sized_by_plan", h.elastic},
                    {"breaks_at", h.breaks_at},
                    {"breaks_at_unit", h.grows_with_users ? "users" : "admissions/s"}});
  }
  return list;
}

json derivations_of(const std::vector<Derivation>& all) {
  json list = json::array();
  for (const auto& d : all) {
    list.push_back(
        {{"name", d.name}, {"value", d.value}, {"unit", d.unit}, {"formula", d.formula}, {"source", d.source}});
  }
  return list;
}

json original_of(const std::vector<OriginalFigure>& all) {
  json list = json::array();
  for (const auto& f : all) {
    list.push_back({{"what", f.what},
                    {"value", f.value},
                    {"unit", f.unit},
                    {"formula", f.formula},
                    {"now", f.now},
                    {"code", f.code}});
  }
  return list;
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kConflict:
      return "conflict";
  }
  return "";
}

std::string plan_json(const Plan& plan) {
  json document = {{"schema", Plan::kSchema},
                   {"tool_version", kVersion},
                   {"prices_as_of", plan.prices_as_of},
                   {"inputs", inputs_of(plan.inputs)},
                   {"assumptions", assumptions_of(plan.inputs)},
                   {"warnings", warnings_of(plan)},
                   {"admission", admission_of(plan)},
                   {"selling", selling_of(plan.selling)},
                   {"polling", polling_of(plan.polling)},
                   {"redis", redis_of(plan.redis)},
                   {"dynamodb", dynamodb_of(plan.dynamodb)},
                   {"gateway", gateway_of(plan.gateway)},
                   {"cost", cost_json(plan.cost)},
                   {"headroom", headroom_of(plan.headroom)},
                   {"quotas", quotas_json(plan.quotas)},
                   {"derivations", derivations_of(plan.derivations)}};
  if (!plan.original.empty()) document["original"] = original_of(plan.original);
  return document.dump(2) + "\n";
}

}  // namespace tacos::plan
