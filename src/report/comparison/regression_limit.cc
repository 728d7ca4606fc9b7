#include "report/comparison/regression_limit.h"

#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/units.h"
#include "report/expression_fault.h"

namespace tacos::report {
namespace {

using Node = Gate::Node;

constexpr std::size_t kLongestExpression = 1000;
constexpr const char* kLimitForms = "expected a limit such as 10%, 1.5x or 5ms";

bool takes_a_limit(const Node& metric) {
  return metric.kind == Node::Kind::kPercentile || metric.kind == Node::Kind::kErrors ||
         metric.kind == Node::Kind::kRate || metric.kind == Node::Kind::kAchieved;
}

bool less_is_worse(const Node& metric) {
  return metric.kind == Node::Kind::kRate || metric.kind == Node::Kind::kAchieved;
}

double achieved_share(const ComparedRun& run) {
  const auto& rate = run.report.rate;
  return rate.offered_rps > 0 ? rate.achieved_rps / rate.offered_rps : std::numeric_limits<double>::quiet_NaN();
}

std::string with_unit(double value, ValueUnit unit) {
  if (unit == ValueUnit::kMillis) return core::format_latency(core::from_seconds(std::min(value, 9e12) / 1e3));
  if (unit == ValueUnit::kShare) return fmt::format("{:.4g} %", value * 100);
  return shown(value, ValueUnit::kPerSecond) + "/s";
}

}  // namespace

core::Result<RegressionLimit> RegressionLimit::parse(std::string_view expression,
                                                     const std::vector<std::string>& steps) {
  if (expression.size() > kLongestExpression) return core::fail("a regression limit is longer than 1,000 characters");
  try {
    RegressionLimit limit;
    limit.expression_ = expression;
    auto [metric, end] = read_metric(expression, steps);
    if (!takes_a_limit(*metric)) {
      throw ExpressionFault{expression.find_first_not_of(" \t"),
                            "has no regression limit: there are limits on p50 … p99.99, mean, min, max, service.p99, "
                            "lag.p99, errors, rate and achieved"};
    }
    if (metric->windowed) {
      throw ExpressionFault{expression.find('['), "takes no window: runs are compared over their whole measured time"};
    }
    if (metric->step >= 0) limit.step_ = steps[static_cast<std::size_t>(metric->step)];
    limit.metric_ = std::move(metric);
    limit.read_limit(expression, end);
    return limit;
  } catch (const ExpressionFault& fault) {
    return core::fail(fault.message("regression limit", expression));
  }
}

// Throws ExpressionFault.
void RegressionLimit::read_limit(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  const std::size_t from = at;
  if (at == text.size() || (std::isdigit(static_cast<unsigned char>(text[at])) == 0 && text[at] != '.')) {
    throw ExpressionFault{at, kLimitForms};
  }
  const auto [stop, error] =
      std::from_chars(text.data() + at, text.data() + text.size(), amount_, std::chars_format::fixed);
  if (error != std::errc()) throw ExpressionFault{at, kLimitForms};
  const auto unit_at = static_cast<std::size_t>(stop - text.data());
  const std::size_t last = text.find_last_not_of(" \t") + 1;
  const std::string_view unit = text.substr(unit_at, std::max(last, unit_at) - unit_at);
  if (unit == "%") {
    kind_ = metric_->kind == Node::Kind::kErrors ? Kind::kAdded : Kind::kRelative;
    amount_ /= 100;
    if (less_is_worse(*metric_) && amount_ > 1) throw ExpressionFault{from, "can't fall by more than 100%"};
    if (kind_ == Kind::kRelative) amount_ = less_is_worse(*metric_) ? 1 - amount_ : 1 + amount_;
  } else if (unit == "x") {
    if (amount_ <= 0) throw ExpressionFault{from, "expected a factor above 0"};
    if (less_is_worse(*metric_)) amount_ = 1 / amount_;
  } else if (const auto added = core::parse_duration(text.substr(from, std::max(last, unit_at) - from));
             added && !unit.empty()) {
    if (!is_time()) throw ExpressionFault{from, "is a time, and the metric is not: give 10% or 1.5x"};
    kind_ = Kind::kAdded;
    amount_ = core::to_millis(*added);
  } else {
    throw ExpressionFault{unit_at, "expected a unit: %, x (a factor), us, ms, s or m"};
  }
}

RegressionLimit::Result RegressionLimit::evaluate(const ComparedSide& baseline, const ComparedSide& candidate) const {
  Result result;
  result.expression = expression_;
  result.value.worse = less_is_worse(*metric_) ? Worse::kLess : Worse::kMore;
  measure(baseline, candidate, result);
  const bool in_baseline = result.value.baseline.measured();
  if (!in_baseline || !result.value.candidate.measured()) {
    const bool neither = !in_baseline && !result.value.candidate.measured();
    result.reason = fmt::format("nothing was measured in {}", neither       ? "either run"
                                                              : in_baseline ? "the candidate"
                                                                            : "the baseline");
  } else if (result.requests_short == 0) {
    judge(result);
  }
  return result;
}

void RegressionLimit::measure(const ComparedSide& baseline, const ComparedSide& candidate, Result& result) const {
  auto& value = result.value;
  switch (metric_->kind) {
    case Node::Kind::kErrors:
      value.unit = ValueUnit::kShare;
      value.baseline = baseline.error_share(step_);
      value.candidate = candidate.error_share(step_);
      return;
    case Node::Kind::kAchieved:
      value.unit = ValueUnit::kShare;
      value.baseline = baseline.each(achieved_share);
      value.candidate = candidate.each(achieved_share);
      return;
    case Node::Kind::kRate:
      value.unit = ValueUnit::kPerSecond;
      value.baseline = baseline.answered_per_second(step_);
      value.candidate = candidate.answered_per_second(step_);
      return;
    default:
      break;
  }
  const auto before = baseline.times(metric_->source, step_);
  const auto after = candidate.times(metric_->source, step_);
  value.baseline = statistic_of(before, metric_->number);
  value.candidate = statistic_of(after, metric_->number);
  need_requests(baseline, before, "baseline", result);
  need_requests(candidate, after, "candidate", result);
}

// A percentile that rests on a few requests is no ground for a verdict either way.
void RegressionLimit::need_requests(const ComparedSide& side, const Histograms& times, std::string_view name,
                                    Result& result) const {
  const std::uint64_t needed = requests_needed(metric_->number);
  const std::uint64_t fewest = fewest_requests(times);
  if (fewest >= needed || needed - fewest <= result.requests_short) return;
  result.requests_short = needed - fewest;
  result.reason = fmt::format(
      "too few requests: it needs {} in each run and {} has {}; {} more are needed", core::format_count(needed),
      side.runs().size() > 1 ? fmt::format("a run of the {}", name) : fmt::format("the {}", name),
      core::format_count(fewest), core::format_count(needed - fewest));
}

void RegressionLimit::judge(Result& result) const {
  const auto& value = result.value;
  const double before = value.baseline.median;
  const double after = value.candidate.median;
  result.allowed = kind_ == Kind::kAdded ? before + amount_ : before * amount_;
  // A hair of tolerance: 1.1 × 100 is a little more than 110, and so may be what was written as 110.
  const double slack = std::abs(result.allowed) * 1e-9;
  const bool less = less_is_worse(*metric_);
  const bool held = less ? after >= result.allowed - slack : after <= result.allowed + slack;
  result.verdict = held ? Verdict::kHeld : Verdict::kExceeded;
  result.reason =
      fmt::format("{} after {}; at {} {} is allowed", with_unit(after, value.unit), with_unit(before, value.unit),
                  less ? "least" : "most", with_unit(result.allowed, value.unit));
}

std::string_view name_of(RegressionLimit::Verdict verdict) {
  switch (verdict) {
    case RegressionLimit::Verdict::kHeld:
      return "held";
    case RegressionLimit::Verdict::kExceeded:
      return "exceeded";
    case RegressionLimit::Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

}  // namespace tacos::report
