#include "tacos-plan/patterns/comparison.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/patterns/gateway_admission.h"
#include "tacos-plan/patterns/pattern_costs.h"
#include "tacos-plan/patterns/pattern_quotas.h"
#include "tacos-plan/patterns/verdict.h"
#include "tacos-plan/plan/limits.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kRaised = 1e7;  // a limit that nobody meets

double backend_of(const PlanInputs& in) {
  return std::min({in[Q::kReservationCapacity], in[Q::kInventoryCapacity], in[Q::kDatabaseCapacity]});
}

std::string breaks_first(const PatternResult& result, const Plan& plan) {
  const PartLoad* first = nullptr;
  const PartLoad* tightest = nullptr;
  for (const auto& load : result.run.loads) {
    if (tightest == nullptr || load.utilisation() > tightest->utilisation()) tightest = &load;
    if (load.overloaded_at_sec < 0) continue;
    const bool earlier = first == nullptr || load.overloaded_at_sec < first->overloaded_at_sec;
    const bool worse = first != nullptr && load.overloaded_at_sec == first->overloaded_at_sec &&
                       load.utilisation() > first->utilisation();
    if (earlier || worse) first = &load;
  }
  if (first != nullptr) {
    return fmt::format("{}, in second {:.0f}: asked for {}, carries {}", first->part, first->overloaded_at_sec + 1,
                       rate_text(first->peak_per_sec), rate_text(first->capacity_per_sec));
  }
  if (result.pattern == Pattern::kGateway) {
    if (const Headroom* next = first_to_break(plan.headroom); next != nullptr && next->breaks_at > 0) {
      return fmt::format("nothing; next would be {}, at {} {}", next->component, count_text(next->breaks_at),
                         next->grows_with_users ? "users" : "admissions a second");
    }
  }
  if (tightest == nullptr) return "nothing";
  return fmt::format("nothing; the tightest is {} at {}", tightest->part, share_text(tightest->utilisation()));
}

// Buyers a second when the last seat goes.
double rate_at_sell_out(const PatternRun& run, const PlanInputs& in, double served_per_sec) {
  if (run.sold_out_sec < 0 || run.loads.empty()) return 0;
  return std::min(run.loads.front().peak_per_sec, served_per_sec) * in[Q::kConversion];
}

// The mean of what is oversold over kSeeds seeds, of which `first` is the one played in full.
template <class Play>
double mean_oversold(const PatternRun& first, std::uint64_t seed, Play play) {
  double sum = static_cast<double>(first.oversold);
  if (first.sold_out_sec < 0) return sum;
  for (std::uint32_t i = 1; i < Comparison::kSeeds; ++i) sum += static_cast<double>(play(seed + i).oversold);
  return sum / Comparison::kSeeds;
}

void set_bots(PatternResult& result) {
  const auto& run = result.run;
  if (run.buyers > 0) {
    result.bot_share_of_seats = static_cast<double>(run.bot_buyers) / static_cast<double>(run.buyers);
  }
  result.bot_note = "scripts press in the first second and try again at once; nothing stands in their way";
}

PatternResult direct_result(const PlanInputs& in, std::uint64_t seed) {
  PatternResult result;
  result.pattern = Pattern::kDirect;
  DirectParameters parameters = direct_of(in);
  result.run = simulate_direct(parameters, seed);
  parameters.only_until_sold_out = true;
  result.oversold_mean =
      mean_oversold(result.run, seed, [&](std::uint64_t other) { return simulate_direct(parameters, other); });
  result.oversold_formula = oversold_by_race(rate_at_sell_out(result.run, in, backend_of(in)),
                                             parameters.check_then_act_sec, in[Q::kTicketsPerBuyer]);
  set_bots(result);
  return result;
}

core::Result<PatternResult> queue_result(const PlanInputs& in, const QuotaCatalogue& quotas, std::uint64_t seed) {
  auto parameters = queue_of(in, quotas, false);
  if (!parameters) return parameters.error();
  PatternResult result;
  result.pattern = Pattern::kQueue;
  result.run = simulate_queue(*parameters, seed);
  const auto raised = queue_of(in, quotas, true);
  if (result.run.use.refused > 0 && raised) {
    result.prepared = simulate_queue(*raised, seed);
    result.has_prepared = true;
  }
  const double grown =
      parameters->workers_at_start + parameters->workers_more_per_sec * std::max(0.0, result.run.sold_out_sec);
  const double served =
      std::min(std::min(grown, parameters->workers_most) / parameters->message_sec, parameters->backend_per_sec);
  result.oversold_formula = oversold_by_race(rate_at_sell_out(result.run, in, served), parameters->check_then_act_sec,
                                             in[Q::kTicketsPerBuyer]);
  parameters->only_until_sold_out = true;
  result.oversold_mean =
      mean_oversold(result.run, seed, [&](std::uint64_t other) { return simulate_queue(*parameters, other); });
  set_bots(result);
  return result;
}

core::Result<PatternResult> serverless_result(const Plan& plan, const QuotaCatalogue& quotas, std::uint64_t seed) {
  const auto parameters = serverless_of(plan, quotas, false);
  if (!parameters) return parameters.error();
  PatternResult result;
  result.pattern = Pattern::kServerless;
  result.conditional = true;
  result.run = simulate_serverless(*parameters, seed);
  const auto raised = serverless_of(plan, quotas, true);
  const bool throttled = std::any_of(result.run.loads.begin(), result.run.loads.end(),
                                     [](const PartLoad& load) { return load.refused > 0; });
  if (throttled && raised) {
    result.prepared = simulate_serverless(*raised, seed);
    result.has_prepared = true;
  }
  set_bots(result);
  return result;
}

core::Result<PatternResult> gateway_result(const Plan& plan, std::uint64_t seed) {
  auto run = simulate_gateway(plan, seed);
  if (!run) return run.error();
  PatternResult result;
  result.pattern = Pattern::kGateway;
  result.conditional = true;
  result.run = std::move(*run);
  const auto& in = plan.inputs;
  const double bots = in[Q::kUsers] * in[Q::kBotShare];
  const double through = bots * (1 - in[Q::kEdgeBotsBlocked]);
  const double seated = static_cast<double>(result.run.buyers);
  const bool all_seated = result.run.buyers >= result.run.all();
  const double among = all_seated ? in[Q::kUsers] - bots + through : seated;
  if (among > 0) result.bot_share_of_seats = std::min(1.0, through / among);
  result.bot_note = fmt::format(
      "the worst case: the {} of scripts that the edge lets through stand in line before everyone else. Trying again "
      "and again gains nothing in a line",
      share_text(1 - in[Q::kEdgeBotsBlocked]));
  return result;
}

}  // namespace

double oversold_by_race(double buyers_per_sec, double window_sec, double tickets) {
  return buyers_per_sec * window_sec * tickets;
}

CrowdParameters crowd_of(const PlanInputs& in) {
  CrowdParameters crowd;
  crowd.users = static_cast<std::uint32_t>(in[Q::kUsers]);
  crowd.press_sec = in[Q::kArrivalTime] > 0 ? in[Q::kArrivalTime] : in[Q::kPressTime];
  crowd.bot_share = in[Q::kBotShare];
  crowd.timeout_sec = in[Q::kClientTimeout];
  crowd.retries = static_cast<std::uint32_t>(in[Q::kClientRetries]);
  crowd.backoff_sec = in[Q::kClientBackoff];
  crowd.patience_sec = in[Q::kPatience];
  crowd.conversion = in[Q::kConversion];
  crowd.tickets = in[Q::kTicketsPerBuyer];
  // Long enough for the slowest of them to be worked off, and for the last retry.
  const double drained = in[Q::kUsers] / backend_of(in) * (1 + crowd.retries * (1 + kBotRetries * crowd.bot_share));
  crowd.horizon_sec = std::clamp(crowd.press_sec + 2 * drained, 3600.0, 86'400.0);
  return crowd;
}

DirectParameters direct_of(const PlanInputs& in) {
  DirectParameters direct;
  direct.crowd = crowd_of(in);
  direct.seats = static_cast<std::uint64_t>(in[Q::kSeats]);
  direct.reservation_per_sec = in[Q::kReservationCapacity];
  direct.inventory_per_sec = in[Q::kInventoryCapacity];
  direct.database_per_sec = in[Q::kDatabaseCapacity];
  direct.service_queue = static_cast<std::uint32_t>(in[Q::kServiceQueue]);
  direct.check_then_act_sec = in[Q::kCheckThenAct];
  return direct;
}

core::Result<QueueParameters> queue_of(const PlanInputs& in, const QuotaCatalogue& quotas, bool prepared) {
  const auto rate = quotas.quota("api_gateway.requests");
  const auto burst = quotas.quota("api_gateway.burst");
  const auto start = quotas.quota("lambda.sqs.start");
  const auto more = quotas.quota("lambda.sqs.scaling");
  const auto most = quotas.quota("lambda.sqs.most");
  const auto concurrency = quotas.quota("lambda.concurrency");
  for (const auto* quota : {&rate, &burst, &start, &more, &most, &concurrency}) {
    if (!*quota) return quota->error();
  }
  QueueParameters queue;
  queue.crowd = crowd_of(in);
  queue.seats = static_cast<std::uint64_t>(in[Q::kSeats]);
  queue.api_per_sec = prepared ? kRaised : rate->value;
  queue.api_burst = prepared ? kRaised : burst->value;
  queue.workers_at_start = start->value;
  queue.workers_more_per_sec = more->value / 60;
  queue.workers_most = prepared ? most->value : std::min(most->value, concurrency->value);
  queue.message_sec = in[Q::kMessageTime];
  queue.batch = in[Q::kMessageBatch];
  queue.backend_per_sec = backend_of(in);
  queue.check_then_act_sec = in[Q::kCheckThenAct];
  queue.poll_interval_sec = in[Q::kPollInterval];
  queue.poll_jitter = in[Q::kPollJitter];
  return queue;
}

core::Result<ServerlessParameters> serverless_of(const Plan& plan, const QuotaCatalogue& quotas, bool prepared) {
  const PlanInputs& in = plan.inputs;
  const auto rate = quotas.quota("api_gateway.requests");
  const auto burst = quotas.quota("api_gateway.burst");
  const auto concurrency = quotas.quota("lambda.concurrency");
  const auto more = quotas.quota("lambda.scaling");
  const auto fresh = quotas.quota("dynamodb.on_demand.new_table_writes");
  const auto table = quotas.quota("dynamodb.on_demand.table_write_units");
  const auto item = quotas.quota("dynamodb.partition.writes");
  for (const auto* quota : {&rate, &burst, &concurrency, &more, &fresh, &table, &item}) {
    if (!*quota) return quota->error();
  }
  ServerlessParameters serverless;
  serverless.crowd = crowd_of(in);
  serverless.seats = static_cast<std::uint64_t>(in[Q::kSeats]);
  serverless.api_per_sec = prepared ? kRaised : rate->value;
  serverless.api_burst = prepared ? kRaised : burst->value;
  serverless.concurrency = prepared ? kRaised : concurrency->value;
  serverless.environments_per_10s = more->value;
  serverless.function_sec = in[Q::kFunctionTime];
  serverless.cold_start_sec = in[Q::kFunctionColdStart];
  serverless.table_writes_per_sec = prepared ? table->value : std::min(fresh->value, table->value);
  serverless.hot_item_writes_per_sec = item->value;
  serverless.hot_item_share = in[Q::kHotItemShare];
  if (plan.dynamodb.purchases > 0) serverless.units_per_purchase = plan.dynamodb.write_units / plan.dynamodb.purchases;
  return serverless;
}

core::Result<Comparison> compare_patterns(const Plan& plan, const Catalogues& catalogues, std::uint64_t seed) {
  const PlanInputs& in = plan.inputs;
  if (in[Q::kUsers] > kMostComparedUsers) {
    return core::fail(fmt::format("--users: {} are too many to play through one by one; compare takes up to {}",
                                  count_text(in[Q::kUsers]), count_text(kMostComparedUsers)));
  }
  Comparison comparison;
  comparison.plan = plan;
  comparison.seed = seed;
  auto queue = queue_result(in, catalogues.quotas, seed);
  if (!queue) return queue.error();
  auto gateway = gateway_result(plan, seed);
  if (!gateway) return gateway.error();
  auto serverless = serverless_result(plan, catalogues.quotas, seed);
  if (!serverless) return serverless.error();
  comparison.patterns = {direct_result(in, seed), std::move(*queue), std::move(*gateway), std::move(*serverless)};
  for (auto& result : comparison.patterns) {
    result.breaks_first = breaks_first(result, plan);
    result.cost = pattern_cost(result, plan, catalogues.prices);
    result.quotas = pattern_quotas(result, plan, catalogues.quotas);
  }
  judge(comparison);
  return comparison;
}

}  // namespace tacos::plan
