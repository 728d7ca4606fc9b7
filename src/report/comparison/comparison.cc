#include "report/comparison/comparison.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/comparison/experiment_difference.h"

namespace tacos::report {
namespace {

using Source = Gate::Node::Source;
using measure::RunReport;

constexpr std::pair<const char*, double> kStatistics[] = {
    {"p50", 50},     {"p90", 90},       {"p95", 95},   {"p99", 99},
    {"p99.9", 99.9}, {"p99.99", 99.99}, {"max", 100.}, {"mean", Gate::Node::kMean}};

// Runs that prove nothing, each in words.
std::vector<std::string> unusable_runs(const ComparedSide& side, const char* name) {
  std::vector<std::string> found;
  if (side.runs().empty()) found.push_back(fmt::format("the {} has no run", name));
  for (const auto& run : side.runs()) {
    if (run.report.interrupted) {
      found.push_back(fmt::format("the {} {} was interrupted", name, run.name));
    } else if (run.report.verdict == "invalid") {
      found.push_back(fmt::format(
          "the {} {} is invalid: {}", name, run.name,
          run.report.verdict_reasons.empty() ? "its report gives no reason" : run.report.verdict_reasons.front()));
    }
  }
  return found;
}

std::vector<Comparison::Statistic> statistics(const ComparedSide& baseline, const ComparedSide& candidate,
                                              Source source, const std::string& step) {
  std::vector<Comparison::Statistic> all;
  const auto before = baseline.times(source, step);
  const auto after = candidate.times(source, step);
  const std::uint64_t fewest = std::min(fewest_requests(before), fewest_requests(after));
  for (const auto& [name, percentile] : kStatistics) {
    ComparedValue value{statistic_of(before, percentile), statistic_of(after, percentile), ValueUnit::kMillis,
                        Worse::kMore};
    all.push_back({name, percentile, value, fewest >= requests_needed(percentile)});
  }
  return all;
}

Comparison::Step compared_step(const ComparedSide& baseline, const ComparedSide& candidate, const std::string& step) {
  Comparison::Step out;
  out.name = step.empty() ? "all" : step;
  out.filter = step;
  out.in_baseline = step.empty() || baseline.has(step);
  out.in_candidate = step.empty() || candidate.has(step);
  out.requests = {baseline.requests(step), candidate.requests(step), ValueUnit::kCount, Worse::kNeither};
  out.errors = {baseline.error_share(step), candidate.error_share(step), ValueUnit::kShare, Worse::kMore};
  out.response = statistics(baseline, candidate, Source::kResponse, step);
  out.service = statistics(baseline, candidate, Source::kService, step);
  return out;
}

class FactList {
 public:
  FactList(const ComparedSide& baseline, const ComparedSide& candidate) : baseline_(baseline), candidate_(candidate) {}

  template <class Value>
  void add(const char* name, ValueUnit unit, Worse worse, Value value) {
    const auto of = [&](const ComparedRun& run) { return static_cast<double>(value(run.report)); };
    facts_.push_back({name, {baseline_.each(of), candidate_.each(of), unit, worse}});
  }
  void add(const char* name, ComparedValue value) { facts_.push_back({name, std::move(value)}); }
  std::vector<Comparison::Fact> take() { return std::move(facts_); }

 private:
  const ComparedSide& baseline_;
  const ComparedSide& candidate_;
  std::vector<Comparison::Fact> facts_;
};

bool has_users(const ComparedSide& side) {
  return std::any_of(side.runs().begin(), side.runs().end(),
                     [](const ComparedRun& run) { return run.report.users.started > 0; });
}

double admission(const RunReport& r, double measure::Percentiles::*percentile) {
  const auto& wait = r.users.time_to_admission_ms;
  return wait.max > 0 ? wait.*percentile : std::numeric_limits<double>::quiet_NaN();
}

std::vector<Comparison::Fact> facts_of(const ComparedSide& baseline, const ComparedSide& candidate) {
  using enum ValueUnit;
  using Times = measure::Percentiles;
  FactList list(baseline, candidate);
  list.add("offered rate", kPerSecond, Worse::kNeither, [](const RunReport& r) { return r.rate.offered_rps; });
  list.add("achieved rate", kPerSecond, Worse::kLess, [](const RunReport& r) { return r.rate.achieved_rps; });
  list.add("errors", {baseline.error_share(""), candidate.error_share(""), kShare, Worse::kMore});
  list.add("send lag p99", kMillis, Worse::kMore, [](const RunReport& r) { return r.send_lag_ms.p99; });
  list.add("dispatch lag p99", kMillis, Worse::kMore, [](const RunReport& r) { return r.dispatch_lag_ms.p99; });
  list.add("generator CPU a request", kMicros, Worse::kMore,
           [](const RunReport& r) { return r.self.cpu_us_per_request; });
  if (!has_users(baseline) && !has_users(candidate)) return list.take();
  list.add("users who came", kCount, Worse::kNeither, [](const RunReport& r) { return r.users.started; });
  list.add("users admitted", kCount, Worse::kNeither, [](const RunReport& r) { return r.users.admitted; });
  list.add("time to admission p50", kMillis, Worse::kMore,
           [](const RunReport& r) { return admission(r, &Times::p50); });
  list.add("time to admission p99", kMillis, Worse::kMore,
           [](const RunReport& r) { return admission(r, &Times::p99); });
  list.add("users who bought", kCount, Worse::kNeither, [](const RunReport& r) { return r.users.confirmed; });
  list.add("users who found it sold out", kCount, Worse::kNeither, [](const RunReport& r) { return r.users.sold_out; });
  return list.take();
}

std::vector<std::string> steps_of_one_side(const std::vector<Comparison::Step>& steps) {
  std::vector<std::string> found;
  for (const auto& step : steps) {
    if (step.in_baseline && step.in_candidate) continue;
    found.push_back(
        fmt::format("the step {} is in the {} only", step.name, step.in_baseline ? "baseline" : "candidate"));
  }
  return found;
}

}  // namespace

Comparison compare(ComparisonRequest request) {
  Comparison c;
  c.baseline = std::move(request.baseline);
  c.candidate = std::move(request.candidate);
  auto unusable = unusable_runs(c.baseline, "baseline");
  for (auto& reason : unusable_runs(c.candidate, "candidate")) unusable.push_back(std::move(reason));
  const bool nothing = c.baseline.runs().empty() || c.candidate.runs().empty();
  if (nothing || (!unusable.empty() && !request.allow_invalid)) {
    if (!nothing) unusable.emplace_back("--allow-invalid compares them all the same");
    c.refusals = std::move(unusable);
    return c;
  }
  c.warnings = std::move(unusable);
  c.differences = experiment_differences(c.baseline, c.candidate);
  c.facts = facts_of(c.baseline, c.candidate);
  const auto steps = steps_of(c.baseline, c.candidate);
  c.steps.push_back(compared_step(c.baseline, c.candidate, ""));
  for (const auto& step : steps) c.steps.push_back(compared_step(c.baseline, c.candidate, step));
  // A journey of one step would say everything twice.
  if (steps.size() == 1) c.steps.erase(c.steps.begin());
  for (auto& warning : steps_of_one_side(c.steps)) c.warnings.push_back(std::move(warning));
  for (const auto& limit : request.limits) c.limits.push_back(limit.evaluate(c.baseline, c.candidate));
  return c;
}

Comparison::Verdict Comparison::verdict() const {
  if (!refusals.empty()) return Verdict::kRefused;
  const auto any = [&](RegressionLimit::Verdict wanted) {
    return std::any_of(limits.begin(), limits.end(), [&](const auto& limit) { return limit.verdict == wanted; });
  };
  if (any(RegressionLimit::Verdict::kExceeded)) return Verdict::kFailed;
  return any(RegressionLimit::Verdict::kInconclusive) ? Verdict::kInconclusive : Verdict::kPassed;
}

std::string_view name_of(Comparison::Verdict verdict) {
  switch (verdict) {
    case Comparison::Verdict::kPassed:
      return "passed";
    case Comparison::Verdict::kFailed:
      return "failed";
    case Comparison::Verdict::kInconclusive:
      return "inconclusive";
    case Comparison::Verdict::kRefused:
      break;
  }
  return "refused";
}

int exit_code_of(const Comparison& comparison) {
  switch (comparison.verdict()) {
    case Comparison::Verdict::kPassed:
      return 0;
    case Comparison::Verdict::kFailed:
      return 1;
    case Comparison::Verdict::kInconclusive:
      return 5;
    case Comparison::Verdict::kRefused:
      break;
  }
  return 4;
}

}  // namespace tacos::report
