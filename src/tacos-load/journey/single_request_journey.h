#pragma once

#include <string>
#include <vector>

#include "tacos-load/journey/journey.h"
#include "tacos-load/journey/journey_plan.h"

namespace tacos::load {

// One request, always the same, whenever the schedule says so. It has no users: every request stands for itself.
class SingleRequestJourney final : public Journey {
 public:
  explicit SingleRequestJourney(SingleRequestPlan plan);

  std::span<const std::string> steps() const override { return steps_; }
  UserId take(core::Nanos) override { return 0; }
  bool can_supply() const override { return true; }
  UserId arrive() override { return 0; }
  core::Nanos next_follow_up() const override { return core::Nanos::max(); }
  UserId take_follow_up() override { return kNoUser; }
  measure::StepId prepare(UserId user, core::Nanos intended, Request& request) override;
  measure::Outcome on_answer(UserId user, measure::StepId step, core::Nanos intended, core::Nanos done,
                             const Response& response) override;
  void on_unsent(UserId, core::Nanos, core::Nanos) override {}
  const JourneyCounts& counts() const override { return counts_; }

 private:
  SingleRequestPlan plan_;
  Method method_;
  std::vector<std::string> steps_{"request"};
  JourneyCounts counts_;
};

// "GET", "POST" or "DELETE" in capitals; the scenario reader lets nothing else through.
Method method_named(std::string_view name);

}  // namespace tacos::load
