#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "tacos-load/scenario/scenario.h"

namespace tacos::load {

// What was typed, as text, so that one place turns text into values and names the flag when it can't.
struct CommandLine {
  std::string scenario_file;  // of `run FILE`; empty for a run put together from flags
  std::optional<std::string> url;
  std::vector<std::string> targets;
  std::optional<std::string> rps, from_rps, ramp, hold, duration, warmup;
  std::optional<std::string> users, poll_interval, event_id, model, spacing;
  std::optional<std::string> method, body;
  std::vector<std::string> headers;
  std::optional<std::string> connections, workers, timeout, engine;
  std::optional<std::string> ca_file, proxy, source_addresses;
  std::optional<std::string> seed;
  std::vector<std::string> observe;
  std::vector<std::string> gates;
  std::optional<std::string> abort_on_breach;
  std::optional<std::string> history;
  std::string report_dir;  // empty: reports/runs/<scenario>-<start time>
  bool insecure = false;
  bool http2 = false;
  bool honour_poll_after = false;
  bool quiet = false;
};

struct ReportCommand {
  std::vector<std::string> directories;
  std::string report_dir;
  std::vector<std::string> gates;
};

struct CompareCommand {
  std::vector<std::string> baseline, candidate;
  std::vector<std::string> limits;
  std::string report_dir;
  std::string format = "text";
  bool allow_invalid = false;
};

struct LaddersCommand {
  std::vector<std::string> ladders;  // NAME=DIR
  std::string report_dir;            // empty: only print
  std::string title = "Ladders side by side";
  std::vector<std::string> notes;
  std::string format = "text";
};

struct DoctorCommand {
  std::string format = "text";
};

struct CompletionCommand {
  std::string shell;
};

using Command =
    std::variant<CommandLine, ReportCommand, CompareCommand, LaddersCommand, DoctorCommand, CompletionCommand>;

// What main does next: carry out a command, or print something and leave.
struct Parsed {
  std::optional<Command> command;
  int exit_code = 0;
  std::string output;  // help or version for standard output, or a message for standard error
};

Parsed parse_command_line(int argc, const char* const* argv);

// What can be typed, for completion scripts. The first has no name: the flags without a command.
struct CommandHelp {
  struct Option {
    std::string flag;  // with its dashes
    std::string summary;
    std::string value;  // what stands after it, such as TIME or text|json
    bool takes_value = false;
  };
  std::string name;
  std::string summary;
  std::vector<Option> options;
};
std::vector<CommandHelp> grammar_of_commands();

// The run that a command line asks for: the headline run, a scenario file or a single request, with the flags laid over
// it. scenario_text is the file's text, read by the caller. Messages name the flag, or the file and the JSON pointer.
core::Result<Scenario> scenario_from(const CommandLine& command, const std::string& scenario_text);

}  // namespace tacos::load
