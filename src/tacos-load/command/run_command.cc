#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "net/url.h"
#include "report/run_files.h"
#include "report/summary.h"
#include "report/terminal_traits.h"
#include "report/verdict.h"
#include "tacos-load/command/commands.h"
#include "tacos-load/observe/observer.h"
#include "tacos-load/run/load_run.h"
#include "tacos-load/run/preflight.h"
#include "tacos-load/run/report_builder.h"
#include "tacos-load/terminal/terminal.h"
#include "tacos-load/transport/curl_transport.h"

namespace tacos::load {
namespace {

core::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return core::fail(fmt::format("can't read the scenario '{}': is the path right?", path));
  return text.str();
}

core::Result<Scenario> read_wish(const CommandLine& command) {
  std::string text;
  if (!command.scenario_file.empty()) {
    auto read = read_file(command.scenario_file);
    if (!read) return read.error();
    text = std::move(*read);
  }
  return scenario_from(command, text);
}

core::Result<std::vector<net::Url>> targets_of(const Scenario& scenario) {
  std::vector<net::Url> targets;
  std::vector<std::string> texts{scenario.target};
  texts.insert(texts.end(), scenario.other_targets.begin(), scenario.other_targets.end());
  for (const auto& text : texts) {
    auto url = net::parse_url(text);
    if (!url) return core::fail("--target: " + url.error().message);
    if (!targets.empty() && url->tls() != targets.front().tls()) {
      return core::fail(fmt::format("--target: '{}' and '{}' differ in their scheme: give only http, or only https",
                                    scenario.target, text));
    }
    targets.push_back(std::move(*url));
  }
  return targets;
}

}  // namespace

int complain(const core::Error& error, int code) {
  fmt::print(stderr, "tacos-load: {}\n", error.message);
  return code;
}

int run_load(const CommandLine& command, std::string typed, const std::atomic<bool>& stop) {
  const auto scenario = read_wish(command);
  if (!scenario) return complain(scenario.error(), kBadCommand);
  const auto targets = targets_of(*scenario);
  if (!targets) return complain(targets.error(), kBadCommand);
  const auto gates = parse_gates(*scenario);
  if (!gates) return complain(gates.error(), kBadCommand);

  const auto observations = parse_observations(scenario->observe);
  if (!observations) return complain(observations.error(), kBadCommand);
  if (const auto there = check_processes(*observations); !there) return complain(there.error(), kBadCommand);

  const auto machine = read_machine();
  const auto resources = plan_resources(*scenario, machine, net::is_loopback(targets->front().host));
  if (!resources) return complain(resources.error(), kBadCommand);
  report::RunFiles files(command.report_dir.empty() ? report::default_directory(scenario->name) : command.report_dir);
  if (const auto ready = files.prepare(); !ready) return complain(ready.error(), kCouldNotRun);

  const core::SteadyClock clock;
  std::unique_ptr<Observer> observer;
  if (!observations->empty()) {
    auto opened = Observer::open(*observations, {{scenario->ca_file, scenario->insecure}, resources->workers}, clock);
    if (!opened) return complain(opened.error(), kCouldNotRun);
    observer = std::move(*opened);
  }

  const CurlGlobal curl;
  const RateProfile profile(scenario->stages);
  Terminal terminal(profile, watched_run(*scenario, *resources), stop, command.quiet);
  LoadRun load_run(*scenario, *resources, *targets, stop);
  std::optional<AbortWatch> watch;
  if (scenario->abort_on_breach) {
    watch.emplace(assembly_of(*scenario, *gates), *scenario->abort_on_breach);
    load_run.watch(*watch);
  }
  if (observer) load_run.observe(*observer);
  const auto facts = load_run.execute([&](core::Nanos now, const auto& live) { terminal.show(now, live); });
  terminal.finish();
  if (!facts) return complain(facts.error(), kCouldNotRun);

  const auto report = build_report(*facts, {std::move(typed), *scenario, *resources, machine, *gates});
  const auto written = files.write(report, facts->record);
  const std::size_t width = report::terminal_width(STDOUT_FILENO);
  fmt::print("{}", report::summary_text(report, report::wants_colour(STDOUT_FILENO), width));
  if (!written) return complain(written.error(), kCouldNotRun);
  fmt::print("{}", report::files_text(files.directory(), width));
  if (!facts->history_fault.empty()) return complain(core::fail(facts->history_fault), kCouldNotRun);
  return report::exit_code_of(report.verdict);
}

}  // namespace tacos::load
