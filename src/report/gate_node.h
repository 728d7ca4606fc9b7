#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/gate.h"

namespace tacos::report {

// What a value is, for mixing and for showing.
enum class Quantity : std::uint8_t { kTime, kShare, kNumber };

// A metric, a literal, or two of them with an operator between.
struct Gate::Node {
  enum class Kind : std::uint8_t {
    kLiteral,
    kOperator,
    kPercentile,  // number is the percentile; also mean (-1), min (0) and max (100)
    kErrors,      // share of requests with an error
    kOutcome,     // count of one outcome
    kCount,       // requests that ended
    kAchieved,    // answered / planned
    kRate,        // answered per second
    kUsers,
  };
  enum class Source : std::uint8_t { kResponse, kService, kSendLag, kDispatchLag, kConnectionWait };
  static constexpr double kMean = -1;

  Kind kind = Kind::kLiteral;
  Quantity quantity = Quantity::kNumber;
  double number = 0;  // times in milliseconds
  char op = 0;
  std::shared_ptr<const Node> left, right;
  Source source = Source::kResponse;
  int step = -1;  // -1: all
  measure::Outcome outcome = measure::Outcome::kOk;
  std::uint64_t measure::RunReport::Users::*users = nullptr;
  bool windowed = false;
  core::Nanos from{0};
  core::Nanos to = core::Nanos::max();

  // Windows are decoded once for all metrics that look at them.
  using Windows = std::map<std::pair<core::Nanos, core::Nanos>, measure::WindowSummary>;
  double value(const GateFacts& facts, Windows& windows) const;
  bool known_early() const;
  struct Windowed {
    bool any = false;     // it asks about a window of its own
    bool inside = false;  // and that meets the stretch asked about
  };
  Windowed windows_in(core::Nanos start, core::Nanos end) const;
};

// The metric that an expression begins with, in the words of gates, and where it ends. For other expressions about runs
// than gates. Throws ExpressionFault.
struct MetricAtFront {
  std::shared_ptr<const Gate::Node> node;
  std::size_t end = 0;
};
MetricAtFront read_metric(std::string_view expression, const std::vector<std::string>& steps);

}  // namespace tacos::report
