#include "report/comparison/comparison_text.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tacos::report {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kColumns = 100;

bool begins_a_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_a_character));
}

// Names come from files that strangers may have written: what steers a terminal is shown as "?". Of the control
// characters those from U+0080 take two bytes.
std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool two_bytes = byte == 0xC2 && next >= 0x80 && next < 0xA0;
    if (two_bytes) ++i;
    out += two_bytes || byte < 0x20 || byte == 0x7f ? '?' : text[i];
  }
  return out;
}

std::string clipped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  const bool fits = columns(text) <= width;
  for (const char c : harmless(text)) {
    if (begins_a_character(c) && ++used >= width && !fits) return out + "…";
    out += c;
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::string fitting = clipped(text, width);
  return fitting + std::string(width - std::min(width, columns(fitting)), ' ');
}

std::string right(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, columns(text)), ' ') + std::string(text);
}

// The text after a heading of `indent` columns, on as many lines as it takes.
void write_wrapped(std::string_view heading, std::string_view raw, Out out) {
  const std::string text = harmless(raw);
  const std::size_t indent = columns(heading);
  std::string line(heading);
  std::size_t used = indent;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string word(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    word = clipped(word, kColumns - indent);
    const std::size_t width = columns(word);
    if (used > indent && used + 1 + width > kColumns) {
      fmt::format_to(out, "{}\n", line);
      line.assign(indent, ' ');
      used = indent;
    }
    if (used > indent) line += ' ';
    used += width + (used > indent ? 1 : 0);
    line += word;
  }
  fmt::format_to(out, "{}\n", line);
}

// Columns are padded to their width, the last ones too.
std::string without_trailing_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') out.erase(out.find_last_not_of(' ') + 1);
    out += c;
  }
  return out;
}

class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string good(std::string_view text) const { return with("\x1b[1;32m", text); }
  std::string bad(std::string_view text) const { return with("\x1b[1;31m", text); }
  std::string unsure(std::string_view text) const { return with("\x1b[1;33m", text); }
  std::string of(const ComparedValue& value, std::string_view text) const {
    if (value.change() == ComparedValue::Change::kWorse) return bad(text);
    return value.change() == ComparedValue::Change::kBetter ? good(text) : std::string(text);
  }

 private:
  std::string with(const char* code, std::string_view text) const {
    return on_ ? fmt::format("{}{}\x1b[0m", code, text) : std::string(text);
  }
  bool on_;
};

void write_side(const char* name, const ComparedSide& side, Out out) {
  for (const auto& run : side.runs()) {
    const auto& r = run.report;
    fmt::format_to(out, "  {:<9}  {}  {}\n", name, padded(run.name, 44),
                   clipped(fmt::format("{}  {}  {}", r.scenario, r.started_at, r.verdict), 41));
  }
}

void write_verdict(const Comparison& c, const Paint& paint, Out out) {
  std::string word(name_of(c.verdict()));
  std::transform(word.begin(), word.end(), word.begin(), [](char l) { return static_cast<char>(l - 'a' + 'A'); });
  const auto verdict = c.verdict();
  const std::string painted = verdict == Comparison::Verdict::kPassed   ? paint.good(word)
                              : verdict == Comparison::Verdict::kFailed ? paint.bad(word)
                                                                        : paint.unsure(word);
  fmt::format_to(out, "\n{}  {}\n", painted,
                 !c.refusals.empty() ? "the runs were not compared"
                 : c.limits.empty()  ? "the candidate beside the baseline; no limits were set"
                                     : "the candidate beside the baseline");
  for (const auto& reason : c.refusals) write_wrapped("  - ", reason, out);
  write_side("baseline", c.baseline, out);
  write_side("candidate", c.candidate, out);
}

void write_limits(const Comparison& c, const Paint& paint, Out out) {
  for (const auto& limit : c.limits) {
    const bool held = limit.verdict == RegressionLimit::Verdict::kHeld;
    const bool exceeded = limit.verdict == RegressionLimit::Verdict::kExceeded;
    const std::string word = held ? "holds   " : exceeded ? "EXCEEDED" : "UNKNOWN ";
    const std::string painted = held ? paint.good(word) : exceeded ? paint.bad(word) : paint.unsure(word);
    fmt::format_to(out, "  limit  {} {}\n", painted, clipped(limit.expression, kColumns - 18));
    write_wrapped("                  ", limit.reason, out);
  }
}

void write_differences(const Comparison& c, Out out) {
  for (const auto& warning : c.warnings) write_wrapped("  warning  ", warning, out);
  if (c.differences.empty()) return;
  fmt::format_to(out, "\n  Not the same experiment:\n");
  for (const auto& d : c.differences) {
    fmt::format_to(out, "  {} {} | {}\n", padded(d.what, 22), padded(d.baseline, 34), clipped(d.candidate, 37));
  }
}

// Baseline, candidate and ratio, 31 columns.
std::string triple(const ComparedValue& value, bool enough, const Paint& paint) {
  const std::string ratio = shown_ratio(value);
  // A ratio of few requests is shown and not coloured: it is no finding.
  const std::string mark = enough || !value.candidate.measured() || !value.baseline.measured() ? " " : "?";
  const std::size_t blank = 8 - std::min<std::size_t>(8, columns(ratio));
  // The arrow stands after the digits, so that they stay in one column.
  const std::size_t tail = value.change() == ComparedValue::Change::kNone ? 2 : 0;
  const std::size_t lead = blank - std::min(blank, tail);
  return fmt::format("{} {} {}{}{}{}", right(shown(value.baseline.median, value.unit), 10),
                     right(shown(value.candidate.median, value.unit), 10), std::string(lead, ' '),
                     enough ? paint.of(value, ratio) : ratio, std::string(blank - lead, ' '), mark);
}

void write_facts(const Comparison& c, const Paint& paint, Out out) {
  if (c.facts.empty()) return;
  fmt::format_to(out, "\n  {:<31}{:>10} {:>10} {:>6}\n", "", "baseline", "candidate", "ratio");
  for (const auto& fact : c.facts) {
    const std::string name =
        fmt::format("{}{}{}", fact.name, *sign_of(fact.value.unit) == '\0' ? "" : ", ", sign_of(fact.value.unit));
    fmt::format_to(out, "  {}{}\n", padded(name, 31), triple(fact.value, true, paint));
  }
}

bool any_few(const std::vector<Comparison::Statistic>& statistics) {
  return std::any_of(statistics.begin(), statistics.end(), [](const auto& s) {
    return !s.enough && s.value.baseline.measured() && s.value.candidate.measured();
  });
}

std::string spread(const SideValue& value) {
  if (!value.measured()) return "–";
  return fmt::format("{} – {}", shown(value.least, ValueUnit::kMillis), shown(value.most, ValueUnit::kMillis));
}

void write_spreads(const Comparison::Step& step, Out out) {
  fmt::format_to(out, "  response time of the runs, least – most, ms\n");
  fmt::format_to(out, "  {:<8}{:>27} |{:>27}\n", "", "baseline", "candidate");
  for (const auto& statistic : step.response) {
    fmt::format_to(out, "  {:<8}{} |{}\n", statistic.name, right(spread(statistic.value.baseline), 27),
                   right(spread(statistic.value.candidate), 27));
  }
}

std::string requests(const SideValue& value) {
  return shown(value.median, ValueUnit::kCount);
}

void write_step(const Comparison& c, const Comparison::Step& step, const Paint& paint, Out out) {
  if (!step.in_baseline || !step.in_candidate) {
    fmt::format_to(out, "\n  {}  in the {} only, {} requests\n", clipped(step.name, 40),
                   step.in_baseline ? "baseline" : "candidate",
                   requests(step.in_baseline ? step.requests.baseline : step.requests.candidate));
    return;
  }
  const bool any = step.requests.baseline.median > 0 || step.requests.candidate.median > 0 ||
                   step.response.front().value.baseline.measured() || step.response.front().value.candidate.measured();
  if (!any) return;
  fmt::format_to(out, "\n  {}  {} | {} requests, errors {} % | {} %\n", clipped(step.name, 30),
                 requests(step.requests.baseline), requests(step.requests.candidate),
                 shown(step.errors.baseline.median, ValueUnit::kShare),
                 shown(step.errors.candidate.median, ValueUnit::kShare));
  fmt::format_to(out, "  {:<8}{:^31} |{:^31}\n", "", "response time, ms", "service time, ms");
  fmt::format_to(out, "  {:<8}{:>10} {:>10} {:>6}{:3} | {:>10} {:>10} {:>6}\n", "", "baseline", "candidate", "ratio",
                 "", "baseline", "candidate", "ratio");
  for (std::size_t i = 0; i < step.response.size(); ++i) {
    const auto& response = step.response[i];
    const auto& service = step.service[i];
    fmt::format_to(out, "  {:<8}{} | {}\n", response.name, triple(response.value, response.enough, paint),
                   triple(service.value, service.enough, paint));
  }
  if (c.baseline.runs().size() > 1 || c.candidate.runs().size() > 1) write_spreads(step, out);
}

}  // namespace

std::string comparison_text(const Comparison& c, bool colour) {
  std::string text;
  auto out = std::back_inserter(text);
  const Paint paint(colour);
  write_verdict(c, paint, out);
  write_limits(c, paint, out);
  write_differences(c, out);
  write_facts(c, paint, out);
  for (const auto& step : c.steps) write_step(c, step, paint, out);
  const auto few = [](const Comparison::Step& step) { return any_few(step.response) || any_few(step.service); };
  if (c.steps.empty()) return without_trailing_space(text);
  fmt::format_to(out, "\n  ratio = candidate / baseline; ▲ ▼ mark changes of more than 5 %\n");
  if (std::any_of(c.steps.begin(), c.steps.end(), few)) {
    fmt::format_to(out, "  ? = few requests: less than 10 lie beyond the percentile on one of the sides\n");
  }
  if (c.baseline.runs().size() > 1 || c.candidate.runs().size() > 1) {
    fmt::format_to(out, "  a side of several runs shows the median of the runs' own values\n");
  }
  return without_trailing_space(text);
}

}  // namespace tacos::report
