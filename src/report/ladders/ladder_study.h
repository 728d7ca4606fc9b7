#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "report/ladders/ladder.h"

namespace tacos::report {

// Ladders of several strategies beside each other. A pure function of the stored runs: everything that the page, the
// JSON, the Markdown and the text say is in here, and every sentence of it is computed.
struct LadderStudy {
  static constexpr const char* kSchema = "tacos.ladders/1";
  static constexpr std::size_t kMostLadders = 8;  // as many as the charts have colours

  // What one ladder used as a share of another's at the same rate, with as many users. Nothing where either was not
  // seen, or the divisor is 0.
  struct Ratio {
    const Ladder* dividend = nullptr;  // of `ladders`
    const Ladder* divisor = nullptr;
    double rate = 0;
    bool both_held = false;
    std::optional<double> redis_cpu{}, gateway_cpu{}, redis_commands{}, status_p99{};
  };

  std::string title;
  std::vector<std::string> notes;  // by whoever made the study
  std::vector<Ladder> ladders;
  std::vector<double> rates;  // those of all ladders, ascending
  std::vector<Ratio> ratios;  // of each pair with as many users, at each rate that both were asked for
  std::vector<std::string> conclusions;
  std::vector<std::string> warnings;  // what makes the ladders less alike than they look

  LadderStudy() = default;
  LadderStudy(LadderStudy&&) = default;  // ratios point into ladders, and a moved vector keeps its elements in place
  LadderStudy& operator=(LadderStudy&&) = default;
  LadderStudy(const LadderStudy&) = delete;
  LadderStudy& operator=(const LadderStudy&) = delete;
};

// The rung of a ladder at one of the study's rates, or nullptr when it has none there.
const LadderRung* rung_at(const Ladder& ladder, double rate);

// Fails when there is no ladder, more than kMostLadders, or two have the same name.
core::Result<LadderStudy> study_ladders(std::vector<Ladder> ladders, std::string title, std::vector<std::string> notes);

}  // namespace tacos::report
