#include "tacos-plan/patterns/pattern.h"

#include <numeric>

namespace tacos::plan {

std::string_view name_of(Pattern pattern) {
  constexpr std::array<std::string_view, kPatterns> kNames = {"direct access", "queue service", "gateway",
                                                              "serverless"};
  return kNames[static_cast<std::size_t>(pattern)];
}

std::string_view key_of(Pattern pattern) {
  constexpr std::array<std::string_view, kPatterns> kKeys = {"direct", "queue", "gateway", "serverless"};
  return kKeys[static_cast<std::size_t>(pattern)];
}

std::string_view path_of(Pattern pattern) {
  constexpr std::array<std::string_view, kPatterns> kPaths = {
      "browser → reservation API → inventory API → relational database",
      "browser → API Gateway → SQS → Lambda workers → reservation API; the client asks for its result",
      "browser → gateway with the line in Redis → admission → reservation API",
      "browser → API Gateway → Lambda → DynamoDB with conditional writes"};
  return kPaths[static_cast<std::size_t>(pattern)];
}

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, kOutcomes> kNames = {"got a seat", "told sold out", "declined",
                                                              "gave up",    "abandoned",     "unfinished"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::uint64_t PatternRun::all() const {
  return std::accumulate(users.begin(), users.end(), std::uint64_t{0});
}

double PatternRun::without_answer() const {
  const auto everyone = all();
  return everyone == 0 ? 0 : static_cast<double>(everyone - answered()) / static_cast<double>(everyone);
}

}  // namespace tacos::plan
