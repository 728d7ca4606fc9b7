#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "report/comparison/compared_side.h"
#include "report/comparison/compared_value.h"
#include "report/gate_node.h"

namespace tacos::report {

// How much worse than the baseline the candidate may be, such as
//   p99(status) 10%      service.p99.9 1.5x      p99(join) 5ms      errors 0.1%      rate 2%      achieved 1%
// The metric is in the words of gates: a percentile, mean, min or max of response, service or a lag; errors; rate or
// achieved, of which less is worse. 10% and 1.5x are relative to the baseline and 5ms is added to it. Errors are a
// share and mostly 0, where relative says nothing, so 0.1% of errors means percentage points that are added.
class RegressionLimit {
 public:
  enum class Verdict : std::uint8_t { kHeld, kExceeded, kInconclusive };
  struct Result {
    std::string expression;
    Verdict verdict = Verdict::kInconclusive;
    ComparedValue value;
    double allowed = std::numeric_limits<double>::quiet_NaN();  // of the candidate, in the value's unit
    std::string reason;                                         // one line
    std::uint64_t requests_short = 0;                           // how many more the run with the fewest needs
  };

  // steps are the names that may stand in parentheses. On error the message shows the expression with a caret under the
  // fault, and what was expected there.
  static core::Result<RegressionLimit> parse(std::string_view expression, const std::vector<std::string>& steps);

  // Inconclusive when a side did not measure the metric, or has too few requests for the percentile.
  Result evaluate(const ComparedSide& baseline, const ComparedSide& candidate) const;
  const std::string& expression() const { return expression_; }

 private:
  enum class Kind : std::uint8_t { kRelative, kAdded };
  using Histograms = std::vector<measure::Histogram>;

  RegressionLimit() = default;
  void read_limit(std::string_view text, std::size_t at);
  void measure(const ComparedSide& baseline, const ComparedSide& candidate, Result& result) const;
  void need_requests(const ComparedSide& side, const Histograms& times, std::string_view name, Result& result) const;
  void judge(Result& result) const;
  bool is_time() const { return metric_->kind == Gate::Node::Kind::kPercentile; }

  std::string expression_;
  std::string step_;  // empty: all
  std::shared_ptr<const Gate::Node> metric_;
  Kind kind_ = Kind::kRelative;
  double amount_ = 0;  // the factor, or what is added
};

std::string_view name_of(RegressionLimit::Verdict verdict);

}  // namespace tacos::report
