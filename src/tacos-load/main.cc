#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "net/url.h"
#include "report/run_files.h"
#include "report/summary.h"
#include "report/verdict.h"
#include "tacos-load/command_line.h"
#include "tacos-load/run/load_run.h"
#include "tacos-load/run/preflight.h"
#include "tacos-load/run/report_builder.h"
#include "tacos-load/terminal/terminal.h"
#include "tacos-load/transport/curl_transport.h"

namespace {

using namespace tacos;

// Exit codes of the contract (see --help).
constexpr int kBadCommand = 2;
constexpr int kCouldNotRun = 3;

// The one thing a signal handler may touch. First Ctrl-C: drain and write the report; second: leave at once.
std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (!g_stop.exchange(true)) return;
  load::Terminal::restore_before_exit();
  _exit(130);
}

int complain(const core::Error& error, int code) {
  fmt::print(stderr, "tacos-load: {}\n", error.message);
  return code;
}

core::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return core::fail(fmt::format("can't read the scenario '{}': is the path right?", path));
  return text.str();
}

std::string joined(int argc, char** argv) {
  std::string command = "tacos-load";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    command += word.find_first_of(" '\"<>|&;()") == std::string::npos ? " " + word : " '" + word + "'";
  }
  return command;
}

int run(const load::CommandLine& command, std::string typed) {
  std::string text;
  if (!command.scenario_file.empty()) {
    auto read = read_file(command.scenario_file);
    if (!read) return complain(read.error(), kBadCommand);
    text = std::move(*read);
  }
  auto scenario = load::scenario_from(command, text);
  if (!scenario) return complain(scenario.error(), kBadCommand);
  const auto target = net::parse_url(scenario->target);
  if (!target) return complain(core::fail("--target: " + target.error().message), kBadCommand);
  const auto gates = load::parse_gates(*scenario);
  if (!gates) return complain(gates.error(), kBadCommand);

  const auto machine = load::read_machine();
  const auto resources = load::plan_resources(*scenario, machine, net::is_loopback(target->host));
  if (!resources) return complain(resources.error(), kBadCommand);
  report::RunFiles files(command.report_dir.empty() ? report::default_directory(scenario->name) : command.report_dir);
  if (const auto ready = files.prepare(); !ready) return complain(ready.error(), kCouldNotRun);

  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  const load::CurlGlobal curl;
  const load::RateProfile profile(scenario->stages);
  load::Terminal terminal(profile, load::watched_run(*scenario, *resources), g_stop, command.quiet);
  load::LoadRun load_run(*scenario, *resources, *target, g_stop);
  const auto facts = load_run.execute([&](core::Nanos now, const auto& live) { terminal.show(now, live); });
  terminal.finish();
  if (!facts) return complain(facts.error(), kCouldNotRun);

  const auto report = load::build_report(*facts, {std::move(typed), *scenario, *resources, machine, *gates});
  const auto written = files.write(report, facts->record);
  const std::size_t width = load::terminal_width(STDOUT_FILENO);
  fmt::print("{}", report::summary_text(report, load::wants_colour(STDOUT_FILENO), width));
  if (!written) return complain(written.error(), kCouldNotRun);
  fmt::print("{}", report::files_text(files.directory(), width));
  return report::exit_code_of(report.verdict);
}

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = load::parse_command_line(argc, argv);
  if (!parsed.command) {
    fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.output);
    return parsed.exit_code;
  }
  return run(*parsed.command, joined(argc, argv));
}
