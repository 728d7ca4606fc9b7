#include "tacos-plan/command/output.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "report/terminal_traits.h"
#include "tacos-plan/command/stored_text.h"
#include "tacos-plan/document/document_html.h"
#include "tacos-plan/document/document_markdown.h"
#include "tacos-plan/document/document_text.h"

namespace tacos::plan {
namespace {

constexpr std::size_t kPipeWidth = 100;
constexpr std::size_t kWidest = 160;  // a line longer than this is hard to read back from

TextOptions options_for(const CommandLine& command) {
  TextOptions options;
  options.details = command.details;
  const bool terminal = command.out.empty() && isatty(STDOUT_FILENO) == 1;
  options.width = kPipeWidth;
  if (terminal) options.width = std::min(report::terminal_width(STDOUT_FILENO), kWidest);
  options.colour = command.out.empty() && report::wants_colour(STDOUT_FILENO);
  // A file or a pipe is read by who knows what: UTF-8, which everything reads.
  options.unicode = !terminal || report::prints_utf8();
  return options;
}

}  // namespace

int report_fault(const std::string& message, int code) {
  fmt::print(stderr, "tacos-plan: {}\n", message);
  return code;
}

int write_output(const CommandLine& command, const Document& document, const std::string& json) {
  std::string text;
  if (command.format == "json") {
    text = json;
  } else if (command.format == "html") {
    text = document_html(document);
  } else if (command.format == "markdown") {
    text = document_markdown(document);
  } else {
    text = document_text(document, options_for(command));
  }
  if (auto stored = store_text(command.out, text); !stored) return report_fault(stored.error().message, 3);
  return 0;
}

}  // namespace tacos::plan
