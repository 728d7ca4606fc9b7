#include "report/comparison/experiment_difference.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"

namespace tacos::report {
namespace {

using measure::RunReport;
using Text = std::function<std::string(const RunReport&)>;

// Two clocks never stop a run at the same nanosecond: lengths and rates this close are the same.
constexpr double kSame = 0.01;

bool same(double a, double b) {
  return std::abs(a - b) <= kSame * std::max(std::abs(a), std::abs(b));
}

std::string quoted(const std::string& text) {
  return text.empty() ? "not recorded" : text;
}

std::string listed(const std::set<std::string>& texts) {
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::set<std::string> texts_of(const ComparedSide& side, const Text& text) {
  std::set<std::string> texts;
  for (const auto& run : side.runs()) texts.insert(quoted(text(run.report)));
  return texts;
}

// The first second from which the schedules differ, in words; empty when they don't.
std::string plan_difference(const RunReport& a, const RunReport& b) {
  if (a.interval_sec != b.interval_sec || a.interval_sec <= 0) return "";
  const std::size_t length = std::min(a.intervals.size(), b.intervals.size());
  for (std::size_t i = 0; i < length; ++i) {
    // A request more or less is where an even schedule happens to fall.
    if (std::abs(a.intervals[i].planned - b.intervals[i].planned) <= 1.5) continue;
    if (!same(a.intervals[i].planned, b.intervals[i].planned)) return fmt::format("{:g} s", a.intervals[i].t_sec);
  }
  return "";
}

std::string planned_rate(const RunReport& r) {
  double planned = 0;
  for (const auto& interval : r.intervals) planned += interval.planned;
  const double seconds = static_cast<double>(r.intervals.size()) * r.interval_sec;
  return seconds > 0 ? fmt::format("{:.1f}/s on average", planned / seconds) : "not recorded";
}

void add_lengths(const ComparedSide& baseline, const ComparedSide& candidate, const char* what,
                 double RunReport::*length, std::vector<Comparison::Difference>& out) {
  const double before = baseline.each([&](const ComparedRun& run) { return run.report.*length; }).median;
  const double after = candidate.each([&](const ComparedRun& run) { return run.report.*length; }).median;
  if (!same(before, after)) out.push_back({what, fmt::format("{:.1f} s", before), fmt::format("{:.1f} s", after)});
}

}  // namespace

std::vector<Comparison::Difference> experiment_differences(const ComparedSide& baseline,
                                                           const ComparedSide& candidate) {
  std::vector<Comparison::Difference> out;
  if (baseline.runs().empty() || candidate.runs().empty()) return out;
  const std::pair<const char*, Text> texts[] = {
      {"scenario", [](const RunReport& r) { return r.scenario; }},
      {"target", [](const RunReport& r) { return r.target; }},
      {"seed", [](const RunReport& r) { return std::to_string(r.seed); }},
      {"version", [](const RunReport& r) { return r.tool_version; }},
      {"engine", [](const RunReport& r) { return r.engine; }},
      {"CPUs", [](const RunReport& r) { return std::to_string(r.host.cpus); }},
      {"kernel", [](const RunReport& r) { return r.host.kernel; }},
      {"file descriptors", [](const RunReport& r) { return core::format_count(r.host.fd_limit); }},
      {"workers", [](const RunReport& r) { return std::to_string(r.self.threads); }},
      {"users planned", [](const RunReport& r) { return core::format_count(r.users.planned); }},
      {"adapted", [](const RunReport& r) {
         return r.adapted.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(r.adapted, "; "));
       }}};
  for (const auto& [what, text] : texts) {
    const auto before = texts_of(baseline, text);
    const auto after = texts_of(candidate, text);
    if (before != after) out.push_back({what, listed(before), listed(after)});
  }
  add_lengths(baseline, candidate, "duration", &RunReport::duration_sec, out);
  add_lengths(baseline, candidate, "warm-up", &RunReport::warmup_sec, out);
  const auto& before = baseline.runs().front().report;
  const auto& after = candidate.runs().front().report;
  if (const std::string from = plan_difference(before, after); !from.empty()) {
    out.push_back({fmt::format("rate plan from {}", from), planned_rate(before), planned_rate(after)});
  }
  return out;
}

}  // namespace tacos::report
