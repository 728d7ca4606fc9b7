#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tacos-plan/plan/plan.h"
#include "tacos-plan/simulation/wait_counts.h"

namespace tacos::plan {

// Four ways to build the same sale.
enum class Pattern : std::uint8_t {
  kDirect,      // browser → reservation API → inventory API → relational database
  kQueue,       // browser → SQS → Lambda workers → reservation API; the client asks for its result
  kGateway,     // gateway and admission control: the plan itself
  kServerless,  // API Gateway → Lambda → DynamoDB with conditional writes
};
constexpr std::size_t kPatterns = 4;
constexpr std::array<Pattern, kPatterns> kAllPatterns = {Pattern::kDirect, Pattern::kQueue, Pattern::kGateway,
                                                         Pattern::kServerless};
std::string_view name_of(Pattern pattern);  // "direct access"
std::string_view key_of(Pattern pattern);   // "direct", for programs
std::string_view path_of(Pattern pattern);  // "browser → …"

// How it ended for a user. Every user ends in exactly one way.
enum class Outcome : std::uint8_t {
  kSeat,        // was told that a seat is theirs (with the gateway: was let in)
  kSoldOut,     // was told that there is none
  kDeclined,    // was served, and took nothing
  kGaveUp,      // saw nothing but errors and time-outs
  kAbandoned,   // lost patience
  kUnfinished,  // still without a word at the horizon
};
constexpr std::size_t kOutcomes = 6;
std::string_view name_of(Outcome outcome);

// What a part was asked for in its worst second, beside what it carries.
struct PartLoad {
  std::string part;
  double peak_per_sec = 0;
  double capacity_per_sec = 0;
  double overloaded_at_sec = -1;  // the first second in which it was asked for more than it carries; negative: never
  std::uint64_t refused = 0;      // requests that it turned away
  double utilisation() const { return capacity_per_sec > 0 ? peak_per_sec / capacity_per_sec : 0; }
};

// What was done, for the bill.
struct PatternUse {
  double requests = 0;          // that the front took in: of every kind
  double refused = 0;           // that the front turned away
  double function_runs = 0;     // of Lambda
  double function_seconds = 0;  // over all of them
  double messages = 0;          // sent to the queue
  double purchases = 0;         // writes of a purchase that went through
  double polls = 0;             // for a result, refused ones too
};

// One sale, played through.
struct PatternRun {
  std::array<std::uint64_t, kOutcomes> users{};
  std::uint64_t of(Outcome outcome) const { return users[static_cast<std::size_t>(outcome)]; }
  std::uint64_t answered() const { return of(Outcome::kSeat) + of(Outcome::kSoldOut) + of(Outcome::kDeclined); }
  std::uint64_t all() const;
  double without_answer() const;  // share of the users who never got one

  std::uint64_t attempts = 0;  // requests for a seat, retries among them
  std::uint64_t seats_sold = 0;
  std::uint64_t oversold = 0;
  std::uint64_t sold_to_nobody = 0;  // seats written for a request whose client had already taken it for lost
  std::uint64_t buyers = 0, bot_buyers = 0;
  double sold_out_sec = -1;           // negative: never
  std::uint64_t longest_backlog = 0;  // messages in the queue
  double most_workers = 0;            // batches, or functions, at once

  WaitSummary answer;    // from pressing to seat, sold out or declined, of those who got there
  WaitSummary feedback;  // of everyone: to a position or a result, or to giving up
  // Of all pairs of one who got a seat and one who didn't, the share in which the one without had pressed first: 0 is
  // first come first served, 0.5 a lottery.
  double inversions = 0;

  std::vector<PartLoad> loads;
  PatternUse use;
  std::vector<std::pair<double, double>> answered_by;  // seconds, users with an answer
};

struct PatternResult {
  Pattern pattern = Pattern::kDirect;
  PatternRun run;
  double oversold_mean = 0;     // over several seeds
  double oversold_formula = 0;  // rate × window
  bool conditional = false;     // nothing can be oversold: one admission or one conditional write decides
  bool has_prepared = false;    // the same with the default quotas raised before the sale
  PatternRun prepared;
  double bot_share_of_seats = 0;
  std::string bot_note;
  std::string breaks_first;        // in words, with when
  std::vector<QuotaCheck> quotas;  // those that bite first
  CostPlan cost;
  bool holds = false;
  bool holds_if_guarded = false;    // it breaks by seats sold twice alone, and nobody had to try again
  std::vector<std::string> faults;  // why it doesn't
};

}  // namespace tacos::plan
