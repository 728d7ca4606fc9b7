#include "tacos-plan/patterns/comparison_json.h"

#include <nlohmann/json.hpp>

#include "tacos-plan/report/plan_parts_json.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using json = nlohmann::ordered_json;

// What never happened is null.
json moment(double seconds) {
  return seconds < 0 ? json() : json(seconds);
}

json wait_of(const WaitSummary& w) {
  return {{"users", w.count},     {"mean_sec", w.mean_sec}, {"p50_sec", w.p50_sec}, {"p90_sec", w.p90_sec},
          {"p95_sec", w.p95_sec}, {"p99_sec", w.p99_sec},   {"max_sec", w.max_sec}};
}

json users_of(const PatternRun& run) {
  json object = {{"all", run.all()}};
  constexpr std::array<const char*, kOutcomes> kKeys = {"seat",    "sold_out",  "declined",
                                                        "gave_up", "abandoned", "unfinished"};
  for (std::size_t i = 0; i < kOutcomes; ++i) object[kKeys[i]] = run.users[i];
  return object;
}

json loads_of(const PatternRun& run) {
  json list = json::array();
  for (const auto& load : run.loads) {
    list.push_back({{"part", load.part},
                    {"peak_per_sec", load.peak_per_sec},
                    {"capacity_per_sec", load.capacity_per_sec},
                    {"overloaded_at_sec", moment(load.overloaded_at_sec)},
                    {"refused", load.refused}});
  }
  return list;
}

json run_of(const PatternRun& run) {
  json timeline = json::array();
  for (const auto& [at, users] : run.answered_by) timeline.push_back({{"t_sec", at}, {"answered", users}});
  return {{"users", users_of(run)},
          {"without_answer_share", run.without_answer()},
          {"attempts", run.attempts},
          {"polls", run.use.polls},
          {"requests_taken_in", run.use.requests},
          {"seats_sold", run.seats_sold},
          {"sold_to_nobody", run.sold_to_nobody},
          {"sold_out_sec", moment(run.sold_out_sec)},
          {"longest_backlog", run.longest_backlog},
          {"answer", wait_of(run.answer)},
          {"feedback", wait_of(run.feedback)},
          {"inversion_share", run.inversions},
          {"loads", loads_of(run)},
          {"timeline", timeline}};
}

json pattern_of(const PatternResult& result) {
  json object = {{"pattern", key_of(result.pattern)},
                 {"path", path_of(result.pattern)},
                 {"holds", result.holds},
                 {"holds_if_guarded", result.holds_if_guarded},
                 {"faults", result.faults},
                 {"oversold",
                  {{"mean", result.oversold_mean},
                   {"by_formula", result.oversold_formula},
                   {"conditional_write", result.conditional}}},
                 {"bot_share_of_seats", result.bot_share_of_seats},
                 {"breaks_first", result.breaks_first},
                 {"run", run_of(result.run)},
                 {"quotas", quotas_json(result.quotas)},
                 {"cost", cost_json(result.cost)}};
  if (result.has_prepared) object["with_quotas_raised"] = run_of(result.prepared);
  return object;
}

}  // namespace

std::string comparison_json(const Comparison& c) {
  json patterns = json::array();
  for (const auto& result : c.patterns) patterns.push_back(pattern_of(result));
  const json document = {{"schema", Comparison::kSchema},
                         {"tool_version", kVersion},
                         {"prices_as_of", c.plan.prices_as_of},
                         {"seed", c.seed},
                         {"inputs", all_inputs_json(c.plan.inputs)},
                         {"headline", c.headline},
                         {"chosen", key_of(c.chosen)},
                         {"chosen_holds", c.chosen_holds},
                         {"reasons", c.reasons},
                         {"notes", c.notes},
                         {"patterns", patterns}};
  return document.dump(2) + "\n";
}

}  // namespace tacos::plan
