#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "tacos-load/command/commands.h"
#include "tacos-load/doctor/doctor.h"
#include "tacos-load/observe/observation.h"
#include "tacos-load/terminal/terminal.h"

namespace {

using namespace tacos;

// The one thing a signal handler may touch. First Ctrl-C: drain and write the report; second: leave at once.
std::atomic<bool> g_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (!g_stop.exchange(true)) return;
  load::Terminal::restore_before_exit();
  _exit(130);
}

// As a shell would read it back, but for passwords.
std::string joined(int argc, char** argv) {
  std::string command = "tacos-load";
  for (const std::string& word : load::without_secrets(std::vector<std::string>(argv + 1, argv + argc))) {
    command += word.find_first_of(" '\"<>|&;()") == std::string::npos ? " " + word : " '" + word + "'";
  }
  return command;
}

struct Runner {
  std::string typed;

  int operator()(const load::CommandLine& command) const {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, on_signal);
    std::signal(SIGPIPE, SIG_IGN);
    return load::run_load(command, typed, g_stop);
  }
  int operator()(const load::ReportCommand& command) const { return load::run_report(command); }
  int operator()(const load::CompareCommand& command) const { return load::run_compare(command); }
  int operator()(const load::LaddersCommand& command) const { return load::run_ladders(command); }
  int operator()(const load::DoctorCommand& command) const { return load::run_doctor(command.format); }
  int operator()(const load::CompletionCommand& command) const {
    fmt::print("{}", load::completion_script(command.shell));
    return 0;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto parsed = load::parse_command_line(argc, argv);
  if (!parsed.command) {
    fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.output);
    return parsed.exit_code;
  }
  return std::visit(Runner{joined(argc, argv)}, *parsed.command);
}
