#include "tacos-load/scenario/scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "tacos-load/observe/observation.h"

namespace tacos::load {
namespace {

using core::fail;

bool is_event_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == ':' || c == '-' || c == '{' || c == '}';
  });
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

core::Result<void> check_journey(const QueueJourneyPlan& plan) {
  if (!is_event_id(plan.event_id)) {
    return fail(
        fmt::format("the event id '{}' does not do: 1 to 64 letters, digits, '.', '_', ':', '-' (and {{run}} for the "
                    "run's start time)",
                    plan.event_id));
  }
  if (!is_printable_ascii(plan.api_prefix) || (!plan.api_prefix.empty() && plan.api_prefix.front() != '/')) {
    return fail(fmt::format("the API prefix '{}' does not do: it starts with '/', such as /api/v1", plan.api_prefix));
  }
  return {};
}

core::Result<void> check_journey(const SingleRequestPlan& plan) {
  if (plan.target.empty() || plan.target.front() != '/' || !is_printable_ascii(plan.target)) {
    return fail(fmt::format("the path '{}' does not do: it starts with '/' and has no spaces or control characters",
                            plan.target));
  }
  return {};
}

}  // namespace

std::string targets_text(const Scenario& scenario) {
  std::string text = scenario.target;
  for (const auto& other : scenario.other_targets) text += ", " + other;
  return text;
}

std::vector<RateStage> ramp_and_hold(core::Rate from, core::Rate to, core::Nanos ramp, core::Nanos hold) {
  std::vector<RateStage> stages;
  if (ramp > core::Nanos(0)) stages.push_back({.name = "ramp", .from = from, .to = to, .duration = ramp});
  if (hold > core::Nanos(0)) stages.push_back({.name = "hold", .from = to, .to = to, .duration = hold});
  return stages;
}

core::Result<void> check_scenario(const Scenario& scenario) {
  const RateProfile profile(scenario.stages);
  if (profile.stages().empty())
    return fail("the plan has no stage of any length: give a --ramp, a --hold or a --duration");
  if (profile.total_arrivals() < 1) return fail("the plan schedules nothing: raise --rps or the duration");
  if (profile.total_arrivals() > 4e9) {
    return fail(fmt::format("the plan schedules {:.3g} arrivals; at most 4e9 in one run", profile.total_arrivals()));
  }
  for (const auto& header : scenario.headers) {
    const auto colon = header.find(':');
    const bool clean = std::all_of(header.begin(), header.end(), [](char c) { return c >= 0x20 && c != 0x7F; });
    if (colon == std::string::npos || colon == 0 || !clean) {
      return fail(fmt::format("the header '{}' does not do: write 'Name: value' without control characters", header));
    }
  }
  if (!scenario.history.empty() && std::holds_alternative<SingleRequestPlan>(scenario.journey)) {
    return fail("--history is what users were told: it goes with journeys, not with single requests");
  }
  // One source address and one target address have no more ports between them.
  constexpr std::uint64_t kPortsOfAPair = 60'000;
  const auto sources = static_cast<std::uint64_t>(
      1 + std::count(scenario.source_addresses.begin(), scenario.source_addresses.end(), ','));
  if (scenario.connection_per_user && scenario.users > kPortsOfAPair * sources) {
    return fail(
        fmt::format("{} users can't have a connection each from {} source address{}: at most 60,000 for each; name "
                    "more with --source-address, or let users share a pool",
                    core::format_count(scenario.users), sources, sources == 1 ? "" : "es"));
  }
  if (const auto observations = parse_observations(scenario.observe); !observations) return observations.error();
  return std::visit([](const auto& plan) { return check_journey(plan); }, scenario.journey);
}

}  // namespace tacos::load
