#include "report/gate.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/units.h"
#include "report/gate_node.h"

namespace tacos::report {
namespace {

using Node = Gate::Node;

const measure::Histogram& pick(const measure::WindowSummary& window, const Node& node, measure::Histogram& scratch) {
  switch (node.source) {
    case Node::Source::kSendLag:
      return window.send_lag;
    case Node::Source::kDispatchLag:
      return window.dispatch_lag;
    case Node::Source::kConnectionWait:
      return window.connection_wait;
    case Node::Source::kResponse:
    case Node::Source::kService:
      break;
  }
  const bool service = node.source == Node::Source::kService;
  if (node.step >= 0) {
    const auto& step = window.steps[static_cast<std::size_t>(node.step)];
    return service ? step.service : step.response;
  }
  scratch = service ? window.service() : window.response();
  return scratch;
}

// What a question about nothing is worth: it passes through all arithmetic, and no gate holds on it. A gate on a step
// that never ran, or on a window after the end, would pass quietly otherwise.
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double percentile_ms(const measure::WindowSummary& window, const Node& node) {
  measure::Histogram scratch;
  const measure::Histogram& histogram = pick(window, node, scratch);
  if (histogram.count() == 0) return kNothing;
  if (node.number == Node::kMean) return histogram.mean_ns() / 1e6;
  if (node.number == 0) return core::to_millis(histogram.min());
  if (node.number == 100) return core::to_millis(histogram.max());
  return core::to_millis(histogram.percentile(node.number));
}

const measure::OutcomeCounts& outcomes_of(const measure::WindowSummary& window, const Node& node) {
  return node.step >= 0 ? window.steps[static_cast<std::size_t>(node.step)].outcomes : window.outcomes;
}

double share(double part, double whole) {
  return whole > 0 ? part / whole : kNothing;
}

bool holds(double left, const std::string& comparison, double right) {
  if (std::isnan(left) || std::isnan(right)) return false;
  if (comparison == "<") return left < right;
  if (comparison == "<=") return left <= right;
  if (comparison == ">") return left > right;
  if (comparison == ">=") return left >= right;
  if (comparison == "==") return left == right;
  return left != right;
}

std::string shown(double value, Quantity quantity) {
  if (std::isnan(value)) return "not measured";
  switch (quantity) {
    case Quantity::kTime:
      // Arithmetic can make times that no clock holds (292 years); they are shown as what they are.
      if (std::abs(value) > 9e12) return fmt::format("{:.3g} s", value / 1e3);
      return core::format_latency(core::from_seconds(value / 1e3));
    case Quantity::kShare:
      return fmt::format("{:.4g} %", value * 100);
    case Quantity::kNumber:
      break;
  }
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return (value < 0 ? "-" : "") + core::format_count(static_cast<std::uint64_t>(std::abs(value)));
  }
  return fmt::format("{:.6g}", value);
}

}  // namespace

double Gate::Node::value(const GateFacts& facts, Windows& windows) const {
  if (kind == Kind::kLiteral) return number;
  if (kind == Kind::kUsers) return static_cast<double>(facts.users.*users);
  if (kind == Kind::kOperator) {
    const double a = left->value(facts, windows);
    const double b = right->value(facts, windows);
    switch (op) {
      case '+':
        return a + b;
      case '-':
        return a - b;
      case '*':
        return a * b;
      default:
        return b == 0 ? kNothing : a / b;
    }
  }
  const core::Nanos start = windowed ? from : facts.from;
  const bool open_ended = to == core::Nanos::max() && facts.to > start;
  const core::Nanos end = windowed && !open_ended ? to : facts.to;
  auto found = windows.find({start, end});
  if (found == windows.end()) found = windows.emplace(std::pair(start, end), facts.record.window(start, end)).first;
  const measure::WindowSummary& window = found->second;
  const auto& outcomes = outcomes_of(window, *this);
  const double answered = static_cast<double>(outcomes[static_cast<std::size_t>(measure::Outcome::kOk)] +
                                              outcomes[static_cast<std::size_t>(measure::Outcome::kHttpError)] +
                                              outcomes[static_cast<std::size_t>(measure::Outcome::kProtocolError)]);
  switch (kind) {
    case Kind::kPercentile:
      return percentile_ms(window, *this);
    case Kind::kErrors:
      return share(static_cast<double>(measure::errors(outcomes)), static_cast<double>(measure::total(outcomes)));
    case Kind::kOutcome:
      return static_cast<double>(outcomes[static_cast<std::size_t>(outcome)]);
    case Kind::kCount:
      return static_cast<double>(measure::total(outcomes));
    case Kind::kAchieved:
      return share(answered, window.planned);
    default:
      return share(answered, core::to_seconds(window.covered));
  }
}

bool Gate::Node::known_early() const {
  switch (kind) {
    case Kind::kUsers:
    case Kind::kCount:
    case Kind::kOutcome:
      return false;
    case Kind::kOperator:
      return left->known_early() && right->known_early();
    default:
      return true;
  }
}

Gate::Node::Windowed Gate::Node::windows_in(core::Nanos start, core::Nanos end) const {
  if (kind == Kind::kOperator) {
    const Windowed a = left->windows_in(start, end), b = right->windows_in(start, end);
    return {a.any || b.any, a.inside || b.inside};
  }
  return {windowed, windowed && from < end && to > start};
}

bool Gate::concerns(core::Nanos from, core::Nanos to) const {
  const auto left = left_->windows_in(from, to), right = right_->windows_in(from, to);
  return !(left.any || right.any) || left.inside || right.inside;
}

bool Gate::broken(const GateFacts& facts) const {
  if (!left_->known_early() || !right_->known_early()) return false;
  Node::Windows windows;
  const double left = left_->value(facts, windows);
  const double right = right_->value(facts, windows);
  return !std::isnan(left) && !std::isnan(right) && !holds(left, comparison_, right);
}

measure::RunReport::Gate Gate::evaluate(const GateFacts& facts) const {
  Node::Windows windows;
  const double left = left_->value(facts, windows);
  const double right = right_->value(facts, windows);
  // A bare 0 or 0.01 beside a share is shown as the share it means.
  const Quantity quantity = left_->quantity == Quantity::kNumber ? right_->quantity : left_->quantity;
  return {expression_, shown(left, quantity), comparison_ + " " + shown(right, quantity),
          holds(left, comparison_, right)};
}

}  // namespace tacos::report
