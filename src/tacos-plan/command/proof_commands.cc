#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"
#include "tacos-plan/command/commands.h"
#include "tacos-plan/command/output.h"
#include "tacos-plan/command/prepared.h"
#include "tacos-plan/command/stored_text.h"
#include "tacos-plan/plan/sensitivity.h"
#include "tacos-plan/proof/calibration.h"
#include "tacos-plan/proof/promise_check.h"
#include "tacos-plan/proof/proving_scenario.h"
#include "tacos-plan/report/sensitivity_document.h"
#include "tacos-plan/report/verification_document.h"

namespace tacos::plan {
namespace {

constexpr double kShortestStage = 1, kLongestStage = 86'400;

// A run's directory or its report.json.
core::Result<MeasuredRun> read_run(const std::string& name) {
  std::error_code ignored;
  const std::string file =
      std::filesystem::is_directory(name, ignored) ? (std::filesystem::path(name) / "report.json").string() : name;
  const auto text = stored_text(file, "REPORT");
  if (!text) return text.error();
  auto report = measure::report_from_json(*text);
  if (!report) return core::fail(fmt::format("{}: {}", file, report.error().message));
  return MeasuredRun{name, std::move(*report)};
}

core::Result<std::optional<double>> stage_time(const std::string& text, std::string_view flag) {
  if (text.empty()) return std::optional<double>();
  const auto duration = core::parse_duration(text);
  if (!duration) return core::fail(fmt::format("{}: {}", flag, duration.error().message));
  const double seconds = core::to_seconds(*duration);
  if (seconds < kShortestStage || seconds > kLongestStage) {
    return core::fail(fmt::format("{}: {} is out of range: from 1s to 24h", flag, text));
  }
  return std::optional<double>(seconds);
}

}  // namespace

int run_scenario(const CommandLine& command) {
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  const auto ramp = stage_time(command.ramp, "--ramp");
  if (!ramp) return report_fault(ramp.error().message, 2);
  const auto hold = stage_time(command.hold, "--hold");
  if (!hold) return report_fault(hold.error().message, 2);
  const auto scenario = proving_scenario(prepared->plan, {*ramp, *hold});
  if (!scenario) return report_fault("scenario: " + scenario.error().message, 2);
  const auto stored = store_text(command.out, *scenario);
  return stored ? 0 : report_fault(stored.error().message, 3);
}

int run_verify(const CommandLine& command, const std::string& typed) {
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  const auto run = read_run(command.reports.front());
  if (!run) return report_fault(run.error().message, 2);
  const auto verification = verify_plan(prepared->plan, run->report);
  const int written = write_output(command, verification_document(prepared->plan, verification, run->name, typed),
                                   verification_json(prepared->plan, verification, run->name));
  if (written != 0) return written;
  if (verification.run_invalid) return 4;
  return verification.broken() ? 1 : 0;
}

int run_calibrate(const CommandLine& command, const std::string& typed) {
  std::vector<MeasuredRun> runs;
  for (const auto& name : command.reports) {
    auto run = read_run(name);
    if (!run) return report_fault(run.error().message, 2);
    runs.push_back(std::move(*run));
  }
  const auto calibration = calibrate(runs);
  if (!calibration) return report_fault(calibration.error().message, 4);
  return write_output(command, calibration_document(*calibration, typed), calibration_json(*calibration));
}

int run_sensitivity(const CommandLine& command, const std::string& typed) {
  const auto prepared = prepare(command);
  if (!prepared) return report_fault(prepared.error().message, 2);
  const auto all = sensitivities(prepared->plan, prepared->catalogues, command.vary);
  return write_output(command, sensitivity_document(prepared->plan, all, command.vary, typed),
                      sensitivity_json(prepared->plan, all, command.vary));
}

}  // namespace tacos::plan
