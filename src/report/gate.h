#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// What a gate can ask about.
struct GateFacts {
  const measure::RunRecord& record;
  // The measured time: warm-up excluded. Gates without a window of their own look at this.
  core::Nanos from{0};
  core::Nanos to = core::Nanos::max();
  const measure::RunReport::Users& users;
};

// A condition on a run, such as
//   p99(status) < 50ms        p99.9 < 4 * p50           errors(status) < 0.1%     achieved >= 99%
//   lag.p99 < 1ms             users.sold_out == 0       p99(status)[60s..] < 20ms
// A metric without a step is over all steps; [from..to] looks at that part of the run only. Times and plain numbers
// (counts, rates, shares) don't mix.
class Gate {
 public:
  // steps are the names that may stand in parentheses. On error the message shows the expression with a caret under the
  // fault, and what was expected there.
  static core::Result<Gate> parse(std::string_view expression, const std::vector<std::string>& steps);

  measure::RunReport::Gate evaluate(const GateFacts& facts) const;
  const std::string& expression() const { return expression_; }

  // False when it asks about windows of its own and none of them meets [from, to): another rung's business.
  bool concerns(core::Nanos from, core::Nanos to) const;

  // For ending a run early: everything it asks about was measured, and it does not hold. Never true of a gate that can
  // only be judged at the end, because it asks about users or counts, which grow as the run goes on.
  bool broken(const GateFacts& facts) const;

  struct Node;  // of the parsed expression

 private:
  Gate() = default;

  std::string expression_;
  std::string comparison_;
  std::shared_ptr<const Node> left_;
  std::shared_ptr<const Node> right_;
};

}  // namespace tacos::report
