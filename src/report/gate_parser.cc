#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "report/expression_fault.h"
#include "report/gate.h"
#include "report/gate_node.h"

namespace tacos::report {
namespace {

using core::Nanos;
using Node = Gate::Node;
using NodePtr = std::shared_ptr<const Node>;
using Users = measure::RunReport::Users;

constexpr std::size_t kLongestExpression = 1000;
constexpr int kDeepest = 50;

struct NamedUsers {
  std::string_view name;
  std::uint64_t Users::*member;
};
constexpr std::array<NamedUsers, 14> kUsers{{{"planned", &Users::planned},
                                             {"started", &Users::started},
                                             {"peak_active", &Users::peak_active},
                                             {"admitted", &Users::admitted},
                                             {"entered", &Users::entered},
                                             {"reserved", &Users::reserved},
                                             {"confirmed", &Users::confirmed},
                                             {"sold_out", &Users::sold_out},
                                             {"abandoned", &Users::abandoned},
                                             {"expired", &Users::expired},
                                             {"failed", &Users::failed},
                                             {"position_rises", &Users::position_rises},
                                             {"overtaken", &Users::overtaken},
                                             {"unreadable_answers", &Users::unreadable_answers}}};

struct NamedOutcome {
  std::string_view name;
  measure::Outcome outcome;
};
constexpr std::array<NamedOutcome, 7> kOutcomes{{{"timeouts", measure::Outcome::kTimeout},
                                                 {"http_errors", measure::Outcome::kHttpError},
                                                 {"connect_errors", measure::Outcome::kConnectError},
                                                 {"resets", measure::Outcome::kReset},
                                                 {"protocol_errors", measure::Outcome::kProtocolError},
                                                 {"shed", measure::Outcome::kShed},
                                                 {"unfilled", measure::Outcome::kUnfilled}}};

struct NamedSource {
  std::string_view name;
  Node::Source source;
};
constexpr std::array<NamedSource, 6> kSources{{{"response", Node::Source::kResponse},
                                               {"service", Node::Source::kService},
                                               {"lag", Node::Source::kSendLag},
                                               {"send_lag", Node::Source::kSendLag},
                                               {"dispatch_lag", Node::Source::kDispatchLag},
                                               {"connection_wait", Node::Source::kConnectionWait}}};

// Thrown inside the parser only.
using Fault = ExpressionFault;

class Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& steps) : text_(text), steps_(steps) {}

  NodePtr sum() {
    if (++depth_ > kDeepest) throw Fault{at_, "is nested too deeply"};
    NodePtr left = product();
    for (char op = peek(); op == '+' || op == '-'; op = peek()) {
      const std::size_t where = at_++;
      left = join(op, std::move(left), product(), where);
    }
    --depth_;
    return left;
  }

  // A metric and nothing that calculates with it.
  NodePtr only_metric() {
    if (std::isalpha(static_cast<unsigned char>(peek())) == 0) {
      throw Fault{at_, "expected a metric such as p99(status), errors or rate"};
    }
    return metric();
  }

  std::string comparison() {
    for (const std::string_view sign : {"<=", ">=", "==", "!=", "<", ">"}) {
      skip_space();
      if (text_.substr(at_).starts_with(sign)) {
        at_ += sign.size();
        return std::string(sign);
      }
    }
    throw Fault{at_, "expected a comparison: <, <=, >, >=, == or !="};
  }

  void end() {
    skip_space();
    if (at_ < text_.size()) throw Fault{at_, "expected the end"};  // peek() can't tell a NUL from the end
  }
  std::size_t at() const { return at_; }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void expect(char c) {
    if (peek() != c) throw Fault{at_, fmt::format("expected '{}'", c)};
    ++at_;
  }

  NodePtr product() {
    NodePtr left = factor();
    for (char op = peek(); op == '*' || op == '/'; op = peek()) {
      const std::size_t where = at_++;
      left = join(op, std::move(left), factor(), where);
    }
    return left;
  }

  NodePtr join(char op, NodePtr left, NodePtr right, std::size_t where) {
    const bool times = left->quantity == Quantity::kTime;
    const bool other = right->quantity == Quantity::kTime;
    Node node;
    node.kind = Node::Kind::kOperator;
    node.op = op;
    if (op == '+' || op == '-') {
      if (times != other) throw Fault{where, "adds a time and a plain number"};
      node.quantity = left->quantity;
    } else if (op == '*') {
      if (times && other) throw Fault{where, "multiplies two times"};
      node.quantity = times || other ? Quantity::kTime : Quantity::kNumber;
    } else {
      if (!times && other) throw Fault{where, "divides a plain number by a time"};
      node.quantity = times && !other ? Quantity::kTime : Quantity::kNumber;
    }
    node.left = std::move(left);
    node.right = std::move(right);
    return std::make_shared<const Node>(std::move(node));
  }

  NodePtr factor() {
    const char c = peek();
    if (c == '(') {
      ++at_;
      NodePtr inside = sum();
      expect(')');
      return inside;
    }
    if ((c >= '0' && c <= '9') || c == '.') return literal();
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) return metric();
    throw Fault{at_, "expected a metric such as p99(status), errors or achieved, or a value such as 50ms or 1%"};
  }

  double number() {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value, std::chars_format::fixed);
    if (error != std::errc()) throw Fault{at_, "expected a number"};
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string_view word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    return text_.substr(from, at_ - from);
  }

  NodePtr literal() {
    Node node;
    const std::size_t from = at_;
    node.number = number();
    if (at_ < text_.size() && text_[at_] == '%') {
      ++at_;
      node.number /= 100;
      node.quantity = Quantity::kShare;
    } else if (const std::string_view unit = word(); !unit.empty()) {
      const auto duration = core::parse_duration(text_.substr(from, at_ - from));
      if (!duration) throw Fault{at_ - unit.size(), "expected a unit: us, ms, s, m, h or %"};
      node.number = core::to_millis(*duration);
      node.quantity = Quantity::kTime;
    }
    return std::make_shared<const Node>(node);
  }

  NodePtr metric() {
    const std::size_t from = at_;
    Node node;
    std::string_view name = word();
    if (name == "users") {
      expect('.');
      read_users(node);
      return std::make_shared<const Node>(node);
    }
    for (const auto& source : kSources) {
      if (name != source.name) continue;
      node.source = source.source;
      expect('.');
      name = word();
      if (!read_statistic(node, name))
        throw Fault{at_ - name.size(), "expected a percentile such as p99, mean, min or max"};
      name = {};
      break;
    }
    if (!name.empty() && !read_statistic(node, name) && !read_count(node, name)) {
      throw Fault{from,
                  fmt::format("'{}' is not a metric; there are p50 … p99.99, mean, min, max, service.p99, lag.p99, "
                              "dispatch_lag.p99, connection_wait.p99, errors, timeouts, http_errors, connect_errors, "
                              "resets, protocol_errors, shed, unfilled, count, achieved, rate and users.…",
                              name)};
    }
    if (at_ < text_.size() && text_[at_] == '(') read_step(node);
    if (at_ < text_.size() && text_[at_] == '[') read_window(node);
    return std::make_shared<const Node>(node);
  }

  bool read_statistic(Node& node, std::string_view name) {
    node.kind = Node::Kind::kPercentile;
    node.quantity = Quantity::kTime;
    if (name == "mean") node.number = Node::kMean;
    if (name == "min") node.number = 0;
    if (name == "max") node.number = 100;
    if (name == "mean" || name == "min" || name == "max") return true;
    if (name.size() < 2 || name[0] != 'p' || std::isdigit(static_cast<unsigned char>(name[1])) == 0) return false;
    // The name was read as a word: go back and take the number whole, with its fraction.
    at_ -= name.size() - 1;
    const std::size_t from = at_;
    node.number = number();
    if (!(node.number > 0 && node.number <= 100)) throw Fault{from, "is not a percentile above 0 and up to 100"};
    return true;
  }

  bool read_count(Node& node, std::string_view name) {
    node.quantity = Quantity::kNumber;
    for (const auto& [outcome_name, outcome] : kOutcomes) {
      if (name != outcome_name) continue;
      node.kind = Node::Kind::kOutcome;
      node.outcome = outcome;
      return true;
    }
    if (name == "errors" || name == "achieved") {
      node.kind = name == "errors" ? Node::Kind::kErrors : Node::Kind::kAchieved;
      node.quantity = Quantity::kShare;
    } else if (name == "count" || name == "rate") {
      node.kind = name == "count" ? Node::Kind::kCount : Node::Kind::kRate;
    } else {
      return false;
    }
    return true;
  }

  void read_users(Node& node) {
    const std::size_t from = at_;
    const std::string_view name = word();
    node.kind = Node::Kind::kUsers;
    for (const auto& users : kUsers) {
      if (users.name == name) node.users = users.member;
    }
    if (node.users == nullptr) {
      throw Fault{from,
                  "expected one of planned, started, peak_active, admitted, entered, reserved, confirmed, sold_out, "
                  "abandoned, expired, failed, position_rises, overtaken, unreadable_answers"};
    }
  }

  void read_step(Node& node) {
    if (node.kind == Node::Kind::kAchieved) throw Fault{at_, "is of the whole run: achieved takes no step"};
    if (node.kind == Node::Kind::kPercentile && node.source != Node::Source::kResponse &&
        node.source != Node::Source::kService) {
      throw Fault{at_, "is of all steps together: a lag takes no step"};
    }
    ++at_;
    skip_space();
    const std::size_t from = at_;
    const std::string_view name = word();
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (steps_[s] == name) node.step = static_cast<int>(s);
    }
    if (node.step < 0) throw Fault{from, fmt::format("expected a step: {}", fmt::join(steps_, ", "))};
    expect(')');
  }

  void read_window(Node& node) {
    const std::size_t open = at_++;
    const std::size_t dots = text_.find("..", at_);
    const std::size_t close = text_.find(']', at_);
    if (dots == std::string_view::npos || close == std::string_view::npos || dots > close) {
      throw Fault{open, "expected a window: [10s..30s], [60s..] or [..30s]"};
    }
    node.windowed = true;
    node.from = window_time(at_, dots).value_or(Nanos(0));
    node.to = window_time(dots + 2, close).value_or(Nanos::max());
    if (node.from >= node.to) throw Fault{open, "is an empty window"};
    at_ = close + 1;
  }

  std::optional<Nanos> window_time(std::size_t from, std::size_t to) const {
    const std::string_view text = text_.substr(from, to - from);
    if (text.empty()) return {};
    const auto time = core::parse_duration(text);
    if (!time) throw Fault{from, "expected a time since the start, such as 60s"};
    return *time;
  }

  std::string_view text_;
  const std::vector<std::string>& steps_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

core::Result<Gate> Gate::parse(std::string_view expression, const std::vector<std::string>& steps) {
  if (expression.size() > kLongestExpression) return core::fail("a gate is longer than 1,000 characters");
  Parser parser(expression, steps);
  try {
    Gate gate;
    gate.expression_ = expression;
    gate.left_ = parser.sum();
    const std::size_t where = parser.at();
    gate.comparison_ = parser.comparison();
    gate.right_ = parser.sum();
    parser.end();
    if ((gate.left_->quantity == Quantity::kTime) != (gate.right_->quantity == Quantity::kTime)) {
      throw Fault{where, "compares a time with a plain number: give the number a unit, such as 50ms"};
    }
    return gate;
  } catch (const Fault& fault) {
    return core::fail(fault.message("gate", expression));
  }
}

MetricAtFront read_metric(std::string_view expression, const std::vector<std::string>& steps) {
  Parser parser(expression, steps);
  NodePtr node = parser.only_metric();
  return {std::move(node), parser.at()};
}

}  // namespace tacos::report
