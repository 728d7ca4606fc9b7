#include "report/ladders/study_json.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/components.h"

namespace tacos::report {
namespace {

using json = nlohmann::ordered_json;

// Six digits: more is noise of the measurement.
json number(double value) {
  return std::isfinite(value) ? json(std::stod(fmt::format("{:.6g}", value))) : json(nullptr);
}

json number(const std::optional<double>& value) {
  return value ? number(*value) : json(nullptr);
}

json measured(double millis) {
  return millis > 0 ? number(millis) : json(nullptr);
}

json write(const PartUse& part) {
  return {{"share", number(part.share)},
          {"cpu_cores", number(part.cores)},
          {"commands_per_sec", number(part.commands_per_sec)},
          {"cpu_us_per_status", number(part.cpu_us_per_status)}};
}

json write(const LadderRung& rung) {
  json nearest = nullptr;
  if (!rung.nearest.empty()) nearest = {{"component", rung.nearest}, {"share", number(rung.nearest_share)}};
  return {
      {"name", rung.name},
      {"rate_rps", number(rung.planned_rps)},
      {"offered_rps", number(rung.offered_rps)},
      {"achieved_rps", number(rung.achieved_rps)},
      {"requests", rung.requests},
      {"joins", rung.joins},
      {"error_share", number(rung.error_share)},
      {"status",
       {{"count", rung.statuses}, {"p50_ms", measured(rung.status_p50_ms)}, {"p99_ms", measured(rung.status_p99_ms)}}},
      {"redis", write(rung.redis)},
      {"gateway", write(rung.gateway)},
      {"nearest_limit", nearest},
      {"others_share", number(rung.others_share)},
      {"generator_late", rung.generator_late},
      {"state", name_of(rung.state)},
      {"reasons", rung.reasons}};
}

json write(const Ladder& ladder) {
  const auto& r = ladder.report;
  json rungs = json::array(), gates = json::array();
  for (const auto& rung : ladder.rungs) rungs.push_back(write(rung));
  if (!r.rungs.empty()) {
    for (const auto& gate : r.rungs.front().gates) gates.push_back(gate.expression);
  }
  return {{"name", ladder.name},
          {"directory", ladder.directory},
          {"scenario", r.scenario},
          {"target", r.target},
          {"started_at", r.started_at},
          {"tool_version", r.tool_version},
          {"engine", r.engine},
          {"cpus", r.host.cpus},
          {"kernel", r.host.kernel},
          {"users", ladder.users()},
          {"users_started", r.users.started},
          {"connections", r.connections.peak},
          {"verdict", r.verdict},
          {"aborted", r.aborted},
          {"gates", gates},
          {"bottleneck", r.bottleneck.text},
          {"knee",
           {{"held_rps", number(ladder.knee.held_rps)},
            {"ended_rps", number(ladder.knee.ended_rps)},
            {"in_doubt", ladder.knee.in_doubt},
            {"is_bound", ladder.knee.is_bound()},
            {"text", ladder.knee.text()}}},
          {"rungs", rungs}};
}

json write(const LadderStudy::Ratio& ratio) {
  return {{"dividend", ratio.dividend->name},
          {"divisor", ratio.divisor->name},
          {"users", ratio.dividend->users()},
          {"rate_rps", number(ratio.rate)},
          {"both_held", ratio.both_held},
          {"redis_cpu", number(ratio.redis_cpu)},
          {"gateway_cpu", number(ratio.gateway_cpu)},
          {"redis_commands", number(ratio.redis_commands)},
          {"status_p99", number(ratio.status_p99)}};
}

}  // namespace

std::string study_json(const LadderStudy& study) {
  json rates = json::array(), ladders = json::array(), ratios = json::array();
  for (const double rate : study.rates) rates.push_back(number(rate));
  for (const auto& ladder : study.ladders) ladders.push_back(write(ladder));
  for (const auto& ratio : study.ratios) ratios.push_back(write(ratio));
  const json document = {{"schema", LadderStudy::kSchema},
                         {"title", study.title},
                         {"notes", study.notes},
                         {"definition",
                          {{"text", HoldRule::words()},
                           {"least_achieved", HoldRule::kLeastAchieved},
                           {"most_errors", HoldRule::kMostErrors},
                           {"bend_factor", HoldRule::kBendFactor},
                           {"bend_ms", HoldRule::kBendMillis},
                           {"near_its_limit", kNearItsLimit},
                           {"most_others", HoldRule::kMostOthers}}},
                         {"conclusions", study.conclusions},
                         {"warnings", study.warnings},
                         {"rates_rps", rates},
                         {"ladders", ladders},
                         {"ratios", ratios}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace tacos::report
