#include "tacos-load/terminal/terminal.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/text_columns.h"
#include "report/terminal_traits.h"

namespace tacos::load {
namespace {

constexpr int kSecondsBetweenLines = 5;
// ECMA-48 and the DEC private modes that every terminal in use knows.
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";
constexpr std::string_view kClearToEnd = "\x1b[J";

// Read by a signal handler.
std::atomic<bool> g_cursor_hidden{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// All of it in one write where the system lets it, so that no half frame is ever seen. What can't be written is lost: a
// closed terminal is no reason to end a run.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// The columns that text with colours in it takes.
std::size_t visible_columns(const std::string& line) {
  std::string bare;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = std::min(line.find('m', i), line.size() - 1);
    } else {
      bare += line[i];
    }
  }
  return core::columns_of(bare);
}

// Async-signal-safe: lock-free atomics and write(2) only.
void show_cursor(std::string_view then) noexcept {
  if (!g_cursor_hidden.exchange(false)) return;
  for (const std::string_view text : {kShowCursor, then}) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

}  // namespace

WatchedRun watched_run(const Scenario& scenario, const ResourcePlan& resources) {
  return {scenario.name, targets_text(scenario), resources.connections, scenario.dispatch_lag_limit,
          scenario.model == LoadModel::kUsers};
}

Terminal::Terminal(const RateProfile& profile, WatchedRun run, const std::atomic<bool>& stop, bool quiet)
    : view_(profile, std::move(run)),
      stop_(stop),
      mode_(quiet                                   ? Mode::kQuiet
            : report::draws_in_place(STDERR_FILENO) ? Mode::kScreen
                                                    : Mode::kLines),
      unicode_(report::prints_utf8()),
      colour_(report::wants_colour(STDERR_FILENO)) {}

Terminal::~Terminal() {
  show_cursor("");
}

void Terminal::restore_before_exit() noexcept {
  show_cursor("\r\n");  // the terminal has echoed ^C where the prompt will stand
}

// Asked before every frame: the window may have changed.
Screen Terminal::measured_screen() const {
  winsize size{};
  Screen screen;
  screen.colour = colour_;
  screen.unicode = unicode_;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    screen.width = size.ws_col;
    screen.height = size.ws_row;
  }
  return screen;
}

void Terminal::draw() {
  const Screen screen = measured_screen();
  const auto lines = view_.lines(screen);
  // A window made narrower has folded the lines that stand in it, so they take more rows than they were.
  std::size_t rows = 0;
  for (const std::size_t columns : drawn_)
    rows += std::max<std::size_t>(1, (columns + screen.width - 1) / screen.width);
  std::string frame;
  if (!g_cursor_hidden.exchange(true)) frame += kHideCursor;
  frame += '\r';
  if (rows > 0) frame += fmt::format("\x1b[{}A", rows);
  frame += kClearToEnd;
  drawn_.clear();
  for (const auto& line : lines) {
    frame += line;
    frame += "\r\n";
    drawn_.push_back(visible_columns(line));
  }
  write_all(frame);
}

void Terminal::print_line() {
  write_all(view_.plain() + "\n");
}

void Terminal::show(core::Nanos now, const std::vector<std::unique_ptr<LiveCounts>>& live) {
  view_.add(sampler_.take(now, live));
  const bool stopping = stop_.load(std::memory_order_relaxed);
  if (stopping) view_.enter(RunPhase::kStopping);
  if (mode_ == Mode::kScreen) draw();
  if (mode_ != Mode::kLines) return;
  if (stopping && !std::exchange(said_stopping_, true)) write_all("stopping: waiting for what is in flight\n");
  if (std::chrono::duration_cast<std::chrono::seconds>(now).count() % kSecondsBetweenLines == 0) print_line();
}

void Terminal::finish() {
  view_.enter(stop_.load(std::memory_order_relaxed) ? RunPhase::kStoppedEarly : RunPhase::kEnded);
  if (mode_ == Mode::kScreen && !drawn_.empty()) draw();
  show_cursor("");
}

}  // namespace tacos::load
