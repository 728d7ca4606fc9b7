#include "tacos-load/terminal/live_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/sparkline.h"
#include "core/text_columns.h"
#include "core/units.h"
#include "tacos-load/terminal/plain_line.h"

namespace tacos::load {
namespace {

using core::columns_of;
using core::format_count;
using core::format_latency;
using core::sparkline;
using core::SparkScale;

constexpr std::size_t kWide = 80;  // columns from which labels are whole and ranges are shown
constexpr std::size_t kRangeWidth = 19;
constexpr double kBusyShare = 0.9;
constexpr double kClearlyBelowPlan = 0.95;
constexpr double kManyErrors = 0.01;
constexpr std::string_view kStopping = "stopping: waiting for what is in flight";

std::string whole(double value) {
  return format_count(static_cast<std::uint64_t>(std::max(0L, std::lround(value))));
}

// "1:05", "1:00:05".
std::string clock_time(core::Nanos t) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(t).count();
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string percent(double share) {
  if (share < 0.0001) return "< 0.01 %";
  return fmt::format("{:.{}f} %", share * 100, share < 0.1 ? 2 : 0);
}

std::string words(std::string_view key) {
  std::string text(key);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string repeated(std::string_view glyph, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += glyph;
  return text;
}

}  // namespace

// A line and how soon it goes when the screen is too low for all; 0 stays.
struct LiveView::Row {
  std::string text;
  int spare = 0;
};

// One drawing of the view: the lines in the order they stand.
class LiveView::Frame {
 public:
  Frame(const LiveView& view, const Screen& screen) : view_(view), screen_(screen), now_(view.history_.back()) {}

  std::vector<std::string> draw() {
    header();
    progress();
    gap();
    rate();
    latency(wide() ? "response p50" : "p50", &LiveSnapshot::response_p50);
    latency(wide() ? "response p99" : "p99", &LiveSnapshot::response_p99);
    gap();
    // Of an ended run the last second is missing from these; the summary has the whole.
    if (!is_over(view_.phase_)) requests();
    errors();
    users();
    generator();
    warnings();
    if (!is_over(view_.phase_)) {
      gap();
      hint();
    }
    return fitted();
  }

 private:
  struct Piece {
    std::string text;
    Paint paint = Paint::kPlain;
  };

  bool wide() const { return screen_.width >= kWide; }
  std::size_t label_width() const { return wide() ? 14 : 11; }

  PaintedLine labelled(std::string_view label) const {
    PaintedLine line(screen_);
    line.add(" ").add(label, Paint::kFaint).pad_to(label_width());
    return line;
  }
  void put(const PaintedLine& line, int spare = 0) { rows_.push_back({line.text(), spare}); }
  void gap() { rows_.push_back({"", 9}); }

  void header();
  void progress();
  void rate();
  void latency(std::string_view label, core::Nanos LiveSnapshot::*of);
  void requests();
  void errors();
  void users();
  void generator();
  void warnings();
  void hint();

  // How much of the schedule has passed.
  core::Nanos elapsed() const {
    const core::Nanos whole_run = view_.profile_.duration();
    return view_.phase_ == RunPhase::kEnded ? whole_run : std::min(now_.at, whole_run);
  }
  std::string stage() const;
  // The last values, as many as there are columns for.
  template <class Value>
  std::vector<double> recent(std::size_t columns, Value value) const;
  // Value, sparkline and, where there is room, its lowest and highest value.
  void series(PaintedLine line, const std::vector<double>& values, double low, double high, SparkScale scale,
              const std::string& range);
  std::size_t sparkline_room() const;
  void flow(std::string_view label, const std::vector<Piece>& pieces, std::size_t most_lines, int spare);
  std::vector<std::string> fitted();

  const LiveView& view_;
  const Screen& screen_;
  const LiveSnapshot& now_;
  std::vector<Row> rows_;
};

void LiveView::Frame::header() {
  const std::string time = fmt::format("{} of {}", clock_time(elapsed()), clock_time(view_.profile_.duration()));
  PaintedLine line(screen_);
  line.add(" ");
  if (view_.phase_ == RunPhase::kStopping) {
    line.add(kStopping, Paint::kWarning);
  } else {
    const std::size_t room = screen_.width - std::min(screen_.width, columns_of(time) + 4);
    line.add(core::cut_to_columns(view_.run_.scenario, room, screen_.ellipsis()), Paint::kStrong);
    const std::string target = fmt::format(" {} {}", screen_.unicode ? "→" : "->", view_.run_.target);
    // A few letters of an address help nobody.
    if (line.used() + 12 < room) line.add(core::cut_to_columns(target, room - line.used() + 1, screen_.ellipsis()));
  }
  if (line.room() >= columns_of(time) + 3) line.pad_to(screen_.width - 1 - columns_of(time)).add(time);
  put(line);
}

std::string LiveView::Frame::stage() const {
  if (view_.phase_ == RunPhase::kEnded) return "ended";
  if (view_.phase_ == RunPhase::kStoppedEarly) return "stopped early";
  if (now_.at >= view_.profile_.duration()) return "waiting for the last answers";
  const auto& stages = view_.profile_.stages();
  std::size_t at = 0;
  while (at + 1 < stages.size() && view_.profile_.stage_start(at + 1) <= now_.at) ++at;
  if (stages.empty()) return "";
  return stages[at].name + (stages[at].warmup ? " (warm-up)" : "");
}

void LiveView::Frame::progress() {
  const double total = std::max(1e-9, core::to_seconds(view_.profile_.duration()));
  const double done = core::to_seconds(elapsed()) / total;
  const std::string after = core::cut_to_columns(fmt::format(" {:>3.0f} %  {}", std::floor(done * 100), stage()),
                                                 screen_.width / 2, screen_.ellipsis());
  // The names of stages differ in length; a bar that jumps with them would not read as progress.
  const std::size_t bar = std::min(screen_.width - 2 - columns_of(after), screen_.width / 2);
  const auto filled = static_cast<std::size_t>(std::floor(done * static_cast<double>(bar)));
  PaintedLine line(screen_);
  line.add(" ").add(repeated(screen_.unicode ? "━" : "=", filled), Paint::kGood);
  line.add(repeated(screen_.unicode ? "─" : "-", bar - filled), Paint::kFaint).add(after);
  put(line);
}

template <class Value>
std::vector<double> LiveView::Frame::recent(std::size_t columns, Value value) const {
  const auto& history = view_.history_;
  std::vector<double> values;
  for (std::size_t i = history.size() - std::min(history.size(), columns); i < history.size(); ++i) {
    values.push_back(value(history[i]));
  }
  return values;
}

std::size_t LiveView::Frame::sparkline_room() const {
  const std::size_t taken = label_width() + (wide() ? 20 + kRangeWidth : 19);
  return screen_.width > taken + 4 ? screen_.width - taken - 1 : 0;
}

void LiveView::Frame::series(PaintedLine line, const std::vector<double>& values, double low, double high,
                             SparkScale scale, const std::string& range) {
  const std::size_t start = label_width() + (wide() ? 20 : 19);
  if (sparkline_room() > 0 && line.used() < start) {
    line.pad_to(start).add(sparkline(values, low, high, scale, screen_.unicode));
  }
  if (wide() && line.used() <= screen_.width - kRangeWidth) {
    line.pad_to(screen_.width - kRangeWidth + 1).add(range, Paint::kFaint);
  }
  put(line);
}

void LiveView::Frame::rate() {
  const auto& run = view_.run_;
  const double planned = planned_per_second(view_.profile_, run.schedules_users, now_);
  // Half a request more or less is how a whole second cuts a slope.
  const bool below = now_.sent_per_second + 1 < planned * kClearlyBelowPlan;
  PaintedLine line = labelled(wide() ? "requests/s" : "rate/s");
  line.add(whole(now_.sent_per_second), below ? Paint::kWarning : Paint::kGood)
      .add(fmt::format(" of {}{}", whole(planned), run.schedules_users ? " due" : ""));
  const auto values = recent(sparkline_room(), [](const LiveSnapshot& s) { return s.sent_per_second; });
  if (values.empty()) return put(line);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  series(std::move(line), values, 0, std::max(*most, planned), SparkScale::kLinear,
         fmt::format("{} {} {}", whole(*least), screen_.unicode ? "…" : "..", whole(*most)));
}

void LiveView::Frame::latency(std::string_view label, core::Nanos LiveSnapshot::*of) {
  PaintedLine line = labelled(label);
  line.add((now_.*of).count() > 0 ? format_latency(now_.*of) : "no answer yet");
  const auto values = recent(sparkline_room(), [&](const LiveSnapshot& s) {
    return (s.*of).count() > 0 ? static_cast<double>((s.*of).count()) : std::numeric_limits<double>::quiet_NaN();
  });
  double least = std::numeric_limits<double>::max(), most = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  if (most == 0) return put(line);
  const auto time = [](double nanos) { return format_latency(core::Nanos(static_cast<std::int64_t>(nanos))); };
  // At least a factor of ten from bottom to top: a steady server looks flat, whatever its noise.
  series(std::move(line), values, least, std::max(most, least * 10), SparkScale::kLog,
         fmt::format("{} {} {}", time(least), screen_.unicode ? "…" : "..", time(most)));
}

void LiveView::Frame::flow(std::string_view label, const std::vector<Piece>& pieces, std::size_t most_lines,
                           int spare) {
  const std::size_t first = rows_.size();
  const std::size_t between = wide() ? 3 : 2;
  PaintedLine line = labelled(label);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const bool starts = line.used() == label_width();
    if (!starts && columns_of(pieces[i].text) + between > line.room()) {
      if (rows_.size() + 1 == first + most_lines) {
        line.add(" ").add(screen_.ellipsis());
        break;
      }
      put(line, rows_.size() > first ? 7 : spare);
      line = labelled("");
    } else if (!starts) {
      line.pad_to(line.used() + between);
    }
    line.add(pieces[i].text, pieces[i].paint);
  }
  put(line, rows_.size() > first ? 7 : spare);
}

void LiveView::Frame::requests() {
  const std::uint64_t ok = now_.outcomes[static_cast<std::size_t>(measure::Outcome::kOk)];
  const std::uint64_t open = now_.scheduled - std::min(now_.scheduled, now_.ended());
  std::vector<Piece> pieces{{fmt::format("{} due", format_count(now_.scheduled))},
                            {fmt::format("{} ok", format_count(ok))}};
  if (wide()) pieces.push_back({fmt::format("{} errors", format_count(now_.errors()))});
  pieces.push_back({fmt::format("{} open", format_count(open))});
  flow("requests", pieces, 1, 6);
}

void LiveView::Frame::errors() {
  const std::uint64_t errors = now_.errors();
  if (errors == 0) return flow("errors", {{"none", Paint::kGood}}, 1, 0);
  const double share = static_cast<double>(errors) / static_cast<double>(now_.ended());
  const Paint paint = share >= kManyErrors ? Paint::kBad : Paint::kWarning;
  std::vector<Piece> pieces{{percent(share), paint}};
  for (std::size_t o = 1; o < now_.outcomes.size(); ++o) {
    if (now_.outcomes[o] == 0) continue;
    std::string text = fmt::format("{} {}", words(measure::kOutcomeNames[o]), format_count(now_.outcomes[o]));
    if (wide() || now_.outcomes_per_second[o] > 0) text += fmt::format(" (+{}/s)", whole(now_.outcomes_per_second[o]));
    pieces.push_back({std::move(text), now_.outcomes_per_second[o] > 0 ? paint : Paint::kPlain});
  }
  flow("errors", pieces, wide() ? 3 : 4, 0);
}

void LiveView::Frame::users() {
  const auto total = measure::active(now_.users) + now_.users.back();
  if (total == 0) return;  // a run of single requests has none
  constexpr std::size_t kCell = 19;
  std::vector<Piece> pieces;
  for (std::size_t u = 0; u < now_.users.size(); ++u) {
    const std::string state = words(measure::kUserStateNames[u]);
    const std::string count = format_count(now_.users[u]);
    if (wide()) {  // cells of one width, so that nothing moves but the numbers
      pieces.push_back({fmt::format("{}{:>{}}", state, count, kCell - state.size())});
    } else if (now_.users[u] > 0) {
      pieces.push_back({fmt::format("{} {}", state, count)});
    }
  }
  flow("users", pieces, wide() ? 2 : 3, 1);
}

void LiveView::Frame::generator() {
  const bool late = now_.dispatch_lag_p99 > view_.run_.dispatch_lag_limit;
  const bool busy = now_.busiest_worker_cpu_share > kBusyShare;
  flow("generator",
       {{fmt::format("lag p99 {}", format_latency(now_.dispatch_lag_p99)), late ? Paint::kBad : Paint::kGood},
        {fmt::format("CPU {:.0f} %", now_.busiest_worker_cpu_share * 100), busy ? Paint::kWarning : Paint::kGood},
        {fmt::format("backlog {}", format_count(now_.backlog)), now_.backlog > 0 ? Paint::kWarning : Paint::kPlain},
        {fmt::format("connections {}", format_count(view_.run_.connections))}},
       2, 0);
}

void LiveView::Frame::warnings() {
  std::vector<Piece> said;
  if (now_.dispatch_lag_p99 > view_.run_.dispatch_lag_limit) {
    said.push_back({fmt::format("The generator is late: {} at p99, the limit is {}. A run like this is invalid.",
                                format_latency(now_.dispatch_lag_p99), format_latency(view_.run_.dispatch_lag_limit)),
                    Paint::kBad});
  }
  if (now_.busiest_worker_cpu_share > kBusyShare) {
    said.push_back({fmt::format("The busiest worker uses {:.0f} % of its core: the limit measured may be its own.",
                                now_.busiest_worker_cpu_share * 100),
                    Paint::kWarning});
  }
  for (const Piece& warning : said) {
    std::string_view mark = "! ";
    for (const auto& text : core::wrap_to_columns(warning.text, screen_.width - 4, 3, screen_.ellipsis())) {
      put(PaintedLine(screen_).add(" ").add(mark, warning.paint).add(text, warning.paint));
      mark = "  ";
    }
  }
}

void LiveView::Frame::hint() {
  const std::string_view text = view_.phase_ == RunPhase::kStopping ? "Ctrl-C again: stop at once, without a report"
                                : wide()                            ? "Ctrl-C: drain and write the report; twice: stop"
                                                                    : "Ctrl-C: drain, report; twice: stop";
  put(PaintedLine(screen_).add(" ").add(text, Paint::kFaint), 5);
}

std::vector<std::string> LiveView::Frame::fitted() {
  while (rows_.size() + 1 > screen_.height) {
    // Of the rows that can be spared most easily, the last.
    auto spare =
        std::max_element(rows_.rbegin(), rows_.rend(), [](const Row& a, const Row& b) { return a.spare < b.spare; });
    rows_.erase(std::next(spare).base());
  }
  std::vector<std::string> lines;
  for (auto& row : rows_) lines.push_back(std::move(row.text));
  return lines;
}

void LiveView::add(const LiveSnapshot& snapshot) {
  if (history_.size() == kLongestHistory) history_.pop_front();
  history_.push_back(snapshot);
}

std::string LiveView::plain() const {
  return history_.empty() ? "" : plain_line(profile_, run_.schedules_users, history_.back(), true);
}

std::vector<std::string> LiveView::lines(const Screen& screen) const {
  if (history_.empty()) return {};
  if (screen.width < kLeastWidth || screen.height < kLeastHeight) {
    std::string line = plain_line(profile_, run_.schedules_users, history_.back(), false);
    if (phase_ == RunPhase::kStopping) line = "stopping  " + line;
    return {core::cut_to_columns(line, screen.width, screen.ellipsis())};
  }
  return Frame(*this, screen).draw();
}

}  // namespace tacos::load
