#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/comparison/compared_side.h"
#include "report/comparison/compared_value.h"
#include "report/comparison/regression_limit.h"

namespace tacos::report {

// What is to be compared, and what the candidate may not exceed.
struct ComparisonRequest {
  ComparedSide baseline;
  ComparedSide candidate;
  std::vector<RegressionLimit> limits;
  bool allow_invalid = false;
};

// Two sides beside each other. A pure function of the request: everything that the text, the JSON and the page say is
// in here.
struct Comparison {
  static constexpr const char* kSchema = "tacos.comparison/1";
  enum class Verdict : std::uint8_t { kPassed, kFailed, kInconclusive, kRefused };

  // A percentile, the mean or the maximum, in milliseconds.
  struct Statistic {
    std::string name;
    double percentile = 0;  // in the terms of Gate::Node::number
    ComparedValue value;
    bool enough = false;  // requests, on both sides, for it to be more than the chance of a few
  };
  struct Step {
    std::string name;    // for people: "all" is not a step of the journey but all of them
    std::string filter;  // for ComparedSide: empty for all
    bool in_baseline = true, in_candidate = true;
    ComparedValue requests;
    ComparedValue errors;  // share
    std::vector<Statistic> response;
    std::vector<Statistic> service;
  };
  struct Fact {
    std::string name;
    ComparedValue value;
  };
  // Something that was not the same about how the sides were made.
  struct Difference {
    std::string what, baseline, candidate;
  };

  ComparedSide baseline;
  ComparedSide candidate;
  std::vector<std::string> refusals;  // why nothing was compared; all below is empty then
  std::vector<std::string> warnings;
  std::vector<Difference> differences;
  std::vector<RegressionLimit::Result> limits;
  std::vector<Fact> facts;  // of the runs as a whole
  std::vector<Step> steps;  // all together first, then those of either side

  Verdict verdict() const;
};

Comparison compare(ComparisonRequest request);

std::string_view name_of(Comparison::Verdict verdict);

// tacos-load's exit code: 0 passed, 1 a limit was exceeded, 4 refused (an invalid run), 5 inconclusive.
int exit_code_of(const Comparison& comparison);

}  // namespace tacos::report
