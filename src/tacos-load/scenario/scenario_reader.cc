#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "tacos-load/observe/observation.h"
#include "tacos-load/scenario/json_cursor.h"
#include "tacos-load/scenario/scenario.h"

namespace tacos::load {
namespace {

using core::Nanos;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr Nanos kNone{0};
constexpr Nanos kShortest = milliseconds(1);
constexpr Nanos kDay = hours(24);
constexpr std::size_t kMostStages = 1000;

void read_stage(JsonCursor at, std::vector<RateStage>& stages) {
  RateStage stage;
  stage.name = fmt::format("stage {}", stages.size() + 1);
  at.text("name", stage.name);
  if (at.has("rate")) {
    at.rate("rate", stage.from);
    stage.to = stage.from;
    if (at.has("from") || at.has("to")) at.fault("rate", "excludes \"from\" and \"to\": a stage is constant or a ramp");
  } else if (at.has("from") && at.has("to")) {
    at.rate("from", stage.from);
    at.rate("to", stage.to);
  } else {
    at.fault("", "needs \"rate\", or \"from\" and \"to\"");
  }
  if (!at.has("duration")) at.fault("", "needs a \"duration\", such as \"30s\"");
  at.duration("duration", kShortest, kDay, stage.duration);
  at.flag("warmup", stage.warmup);
  at.flag("rung", stage.rung);
  at.finish();
  stages.push_back(std::move(stage));
}

void read_load(JsonCursor at, Scenario& scenario) {
  if (const auto model = at.choice("model", {"requests", "users"})) scenario.model = static_cast<LoadModel>(*model);
  if (const auto spacing = at.choice("spacing", {"even", "poisson"})) scenario.spacing = static_cast<Spacing>(*spacing);
  scenario.stages.clear();
  auto stages = at.objects("stages");
  if (stages.empty()) at.fault("stages", "is missing or empty; expected at least one stage");
  if (stages.size() > kMostStages) {
    at.fault("stages", fmt::format("has {} entries; at most {}", stages.size(), kMostStages));
    stages.clear();
  }
  for (auto& stage : stages) read_stage(stage, scenario.stages);
  at.finish();
}

void read_poll(JsonCursor at, QueueJourneyPlan& plan) {
  at.duration("interval", milliseconds(10), hours(1), plan.poll_interval);
  if (const auto mode = at.choice("mode", {"fixed_rate", "fixed_delay"})) plan.poll_fixed_delay = *mode == 1;
  at.share("jitter", 0.9, plan.poll_jitter);
  at.flag("honour_poll_after", plan.honour_poll_after);
  at.finish();
}

void read_think(JsonCursor at, QueueJourneyPlan& plan) {
  at.duration("enter", kNone, hours(1), plan.think_enter);
  at.duration("reserve", kNone, hours(1), plan.think_reserve);
  at.duration("pay", kNone, hours(1), plan.think_pay);
  at.duration("confirm", kNone, hours(1), plan.think_confirm);
  at.finish();
}

QueueJourneyPlan read_queue_journey(JsonCursor& at) {
  QueueJourneyPlan plan;
  at.text("event_id", plan.event_id);
  at.text("api_prefix", plan.api_prefix);
  if (auto poll = at.object("poll")) read_poll(*poll, plan);
  if (auto think = at.object("think")) read_think(*think, plan);
  at.flag("honour_retry_after", plan.honour_retry_after);
  at.duration("patience", kNone, kDay, plan.patience);
  at.share("tells_when_leaving", 1, plan.tells_when_leaving);
  at.flag("buys", plan.buys);
  at.count("seats_per_user", 1, 100, plan.seats_per_user);
  at.share("payment_failures", 1, plan.payment_failures);
  if (const auto then = at.choice("when_sold_out", {"keep_refreshing", "leave"}))
    plan.refreshes_when_sold_out = *then == 0;
  if (const auto then = at.choice("when_expired", {"leave", "rejoin"})) plan.rejoins = *then == 1;
  at.count("most_attempts", 1, 100, plan.most_attempts);
  return plan;
}

SingleRequestPlan read_single_request(JsonCursor& at) {
  SingleRequestPlan plan;
  if (const auto method = at.choice("method", {"GET", "POST", "DELETE"})) {
    plan.method = std::array{"GET", "POST", "DELETE"}[*method];
  }
  at.text("path", plan.target);
  at.text("body", plan.body);
  std::uint32_t status = 0;
  at.count("expected_status", 100, 599, status);
  plan.expected_status = static_cast<int>(status);
  return plan;
}

void read_journey(JsonCursor at, Scenario& scenario) {
  const auto kind = at.choice("kind", {"queue", "request"});
  if (kind.value_or(0) == 1) {
    scenario.journey = read_single_request(at);
  } else {
    scenario.journey = read_queue_journey(at);
  }
  at.finish();
}

void read_connections(JsonCursor& at, const nlohmann::json& document, Scenario& scenario) {
  const auto found = document.find("connections");
  if (found != document.end() && found->is_string()) {
    scenario.connection_per_user = at.choice("connections", {"per_user"}).has_value();
  } else {
    at.count("connections", 1, 1'000'000, scenario.connections);
  }
}

void read_targets(JsonCursor& at, Scenario& scenario) {
  at.text("target", scenario.target);
  if (!at.has("targets")) return;
  if (at.has("target")) at.fault("targets", "excludes \"target\"");
  std::vector<std::string> targets;
  at.texts("targets", targets);
  if (targets.empty()) {
    at.fault("targets", "is empty; expected at least one address");
    return;
  }
  scenario.target = targets.front();
  scenario.other_targets.assign(targets.begin() + 1, targets.end());
}

void read_transport(JsonCursor& at, Scenario& scenario) {
  at.duration("timeout", kShortest, hours(1), scenario.timeout);
  at.duration("connect_timeout", kShortest, hours(1), scenario.connect_timeout);
  if (const auto engine = at.choice("engine", {"auto", "asio", "curl"})) scenario.engine = static_cast<Engine>(*engine);
  at.count("workers", 1, 256, scenario.workers);
  at.flag("http2", scenario.http2);
  at.flag("insecure", scenario.insecure);
  at.text("ca_file", scenario.ca_file);
  at.text("proxy", scenario.proxy);
  at.text("source_addresses", scenario.source_addresses);
  at.texts("headers", scenario.headers);
}

// The deepest nesting a scenario has is 4; a file of a million brackets must not use up the stack.
constexpr int kDeepest = 32;

nlohmann::json parse_document(std::string_view text, std::string& problem) {
  bool too_deep = false;
  const nlohmann::json::parser_callback_t keep = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep |= depth > kDeepest;
    return !too_deep;
  };
  try {
    auto document = nlohmann::json::parse(text, keep);
    if (too_deep) problem = "is nested too deeply";
    return document;
  } catch (const nlohmann::json::exception& error) {
    problem = fmt::format("is not JSON: {}", error.what());
    return {};
  }
}

}  // namespace

core::Result<Scenario> read_scenario(std::string_view text, std::string_view name_of_file) {
  std::string problem;
  const nlohmann::json document = parse_document(text, problem);
  if (!problem.empty()) return core::fail(fmt::format("{}: {}", name_of_file, problem));

  Scenario scenario;
  std::vector<std::string> faults;
  JsonCursor at(document, "", faults);
  at.has("$schema");
  if (!at.has("schema")) at.fault("", "needs \"schema\": \"tacos.scenario/1\"");
  at.choice("schema", {"tacos.scenario/1"});
  at.text("name", scenario.name);
  at.text("description", scenario.description);
  read_targets(at, scenario);
  at.text("history", scenario.history);
  at.count("seed", 0, 0xFFFFFFFFFFFFULL, scenario.seed);
  at.count("users", 1, 10'000'000, scenario.users);
  if (auto load = at.object("load")) {
    read_load(*load, scenario);
  } else {
    at.fault("", "needs a \"load\"");
  }
  if (auto journey = at.object("journey")) read_journey(*journey, scenario);
  if (document.is_object()) read_connections(at, document, scenario);
  read_transport(at, scenario);
  at.texts("observe", scenario.observe);
  for (std::size_t i = 0; i < scenario.observe.size(); ++i) {
    if (const auto read = parse_observation(scenario.observe[i]); !read) {
      at.fault("observe", fmt::format("at {}: {}", i, read.error().message));
    }
  }
  at.texts("gates", scenario.gates);
  if (at.has("abort_on_breach")) {
    scenario.abort_on_breach.emplace();
    at.duration("abort_on_breach", Nanos(0), kDay, *scenario.abort_on_breach);
  }
  at.duration("dispatch_lag_limit", Nanos(std::chrono::microseconds(100)), kDay, scenario.dispatch_lag_limit);
  at.finish();

  if (faults.empty()) {
    if (const auto checked = check_scenario(scenario); !checked) faults.push_back(checked.error().message);
  }
  if (!faults.empty())
    return core::fail(fmt::format("{}: {}", name_of_file, fmt::join(faults, fmt::format("\n{}: ", name_of_file))));
  return scenario;
}

}  // namespace tacos::load
