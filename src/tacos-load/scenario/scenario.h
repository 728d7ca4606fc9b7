#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "tacos-load/journey/journey_plan.h"
#include "tacos-load/schedule/arrival_schedule.h"
#include "tacos-load/schedule/rate_profile.h"

namespace tacos::load {

// What the schedule's arrivals are.
enum class LoadModel : std::uint8_t {
  kRequests,  // each arrival is a request: the offered rate is exactly the plan's, the users supply it
  kUsers,     // each arrival is a user: requests follow from what the users do
};

enum class Engine : std::uint8_t { kAuto, kAsio, kCurl };

// Everything about a run that is settled before it starts. Files and flags fill in the same struct; its defaults are
// the headline run's and the only place where they stand.
struct Scenario {
  std::string name = "ticket-open";
  std::string description;
  std::string target = "http://127.0.0.1:8080";
  std::vector<std::string> other_targets;  // requests take turns over it and these

  std::uint32_t users = 300'000;
  LoadModel model = LoadModel::kRequests;
  Spacing spacing = Spacing::kEven;
  std::vector<RateStage> stages;
  std::uint64_t seed = 1;

  std::variant<QueueJourneyPlan, SingleRequestPlan> journey = QueueJourneyPlan{};

  std::uint32_t connections = 0;  // 0: chosen from the rate and the machine
  bool connection_per_user = false;
  core::Nanos timeout = std::chrono::seconds(10);
  core::Nanos connect_timeout = std::chrono::seconds(5);
  Engine engine = Engine::kAuto;
  std::uint32_t workers = 0;  // 0: chosen from the cores
  bool http2 = false;
  bool insecure = false;
  std::string ca_file;
  std::string proxy;
  std::string source_addresses;
  std::vector<std::string> headers;
  std::string history;  // what each user was told goes to FILE.0, FILE.1, … of the workers; empty: nowhere

  std::vector<std::string> observe;  // parts of the system to watch, each NAME=SOURCE (see observe/observation.h)
  std::vector<std::string> gates;
  std::optional<core::Nanos>
      abort_on_breach;  // end the run when a gate is broken; judged from this long after it counts
  core::Nanos dispatch_lag_limit = std::chrono::milliseconds(10);  // p99 above it makes the run invalid
};

// All targets, as one writes them in a report.
std::string targets_text(const Scenario& scenario);

// The stages of `--from-rps … --rps … --ramp … --hold …`.
std::vector<RateStage> ramp_and_hold(core::Rate from, core::Rate to, core::Nanos ramp, core::Nanos hold);

// Reads a scenario file's text (schema tacos.scenario/1, docs/schema/scenario-1.schema.json). name_of_file is for
// messages only. Messages name the JSON pointer, the value found and the range allowed.
core::Result<Scenario> read_scenario(std::string_view text, std::string_view name_of_file);

// Checks what must hold between the parts, whoever set them (at least one stage, an event id fit for JSON and URLs, …).
core::Result<void> check_scenario(const Scenario& scenario);

}  // namespace tacos::load
