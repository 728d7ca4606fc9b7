#include "tacos-plan/patterns/verdict.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"

namespace tacos::plan {
namespace {

using Q = Quantity;

constexpr double kNobody = 0.5;
constexpr double kAtOnceSec = 0.1;

double wait_at(const WaitSummary& wait, double percentile) {
  if (percentile > 99) return wait.max_sec;
  if (percentile > 95) return wait.p99_sec;
  if (percentile > 90) return wait.p95_sec;
  return percentile > 50 ? wait.p90_sec : wait.p50_sec;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

// What a run doesn't keep, apart from seats sold twice.
std::vector<std::string> faults_of(const PlanInputs& in, const PatternRun& run) {
  std::vector<std::string> faults;
  if (run.sold_to_nobody > 0) {
    faults.push_back(fmt::format("{} seats sold to clients that saw a time-out",
                                 count_text(static_cast<double>(run.sold_to_nobody))));
  }
  if (run.without_answer() > in[Q::kErrorPromise]) {
    faults.push_back(share_text(run.without_answer()) + " of the users see errors only");
  }
  const double wait = wait_at(run.answer, in[Q::kTargetPercentile]);
  if (wait > in[Q::kTargetWait]) {
    faults.push_back(fmt::format("the answer takes {}, not {}", seconds_text(wait), seconds_text(in[Q::kTargetWait])));
  }
  if (run.inversions > kMostInversions) {
    faults.push_back(fmt::format("{} of the pairs are served out of order", share_text(run.inversions)));
  }
  return faults;
}

double tries_of(const PatternRun& run) {
  return run.all() == 0 ? 0 : static_cast<double>(run.attempts) / static_cast<double>(run.all());
}

bool run_of_first_tries(const PatternRun& run) {
  return run.attempts == run.all();
}

void judge_one(const PlanInputs& in, PatternResult& result) {
  result.faults = faults_of(in, result.run);
  const bool twice_only = result.faults.empty() && result.oversold_mean >= kNobody;
  if (result.oversold_mean >= kNobody) {
    const std::string twice = count_text(std::round(result.oversold_mean));
    result.faults.insert(result.faults.begin(), fmt::format("{} seats sold twice", twice));
  }
  result.holds = result.faults.empty();
  result.holds_if_guarded = twice_only && run_of_first_tries(result.run);
}

// Worth building: direct access also when a conditional write is all that it lacks, for that is one line.
bool keeps(const PatternResult& result) {
  return result.holds || (result.pattern == Pattern::kDirect && result.holds_if_guarded);
}

// Better than another to build?
bool better(const PatternResult& a, const PatternResult& b) {
  if (keeps(a) != keeps(b)) return keeps(a);
  if (keeps(a)) {
    if ((a.pattern == Pattern::kDirect) != (b.pattern == Pattern::kDirect)) return a.pattern == Pattern::kDirect;
    return a.cost.per_month_usd < b.cost.per_month_usd;
  }
  const bool safe_a = a.oversold_mean < kNobody, safe_b = b.oversold_mean < kNobody;
  if (safe_a != safe_b) return safe_a;
  return a.run.without_answer() < b.run.without_answer();
}

std::string money_of(const PatternResult& result) {
  return fmt::format("{} an event and {} a month standing", usd_text(result.cost.per_event_usd),
                     usd_text(result.cost.standing_usd));
}

std::string headline_of(const Comparison& c) {
  const auto& in = c.plan.inputs;
  const PatternResult& best = c.of(c.chosen);
  const std::string crowd = fmt::format("{} users and {} seats", count_text(in[Q::kUsers]), count_text(in[Q::kSeats]));
  if (!keeps(best)) {
    return fmt::format("None of the four keeps every promise for {}. The {} comes nearest, but: {}.", crowd,
                       name_of(c.chosen), joined(best.faults));
  }
  const double longest = best.run.answer.max_sec;
  const std::string answered = longest < kAtOnceSec
                                   ? "everyone has an answer at once"
                                   : fmt::format("everyone has an answer within {}", seconds_text(longest));
  switch (c.chosen) {
    case Pattern::kDirect: {
      double tightest = 0;
      std::string part;
      for (const auto& load : best.run.loads) {
        if (load.utilisation() > tightest) {
          tightest = load.utilisation();
          part = load.part;
        }
      }
      if (!best.holds) {
        return fmt::format(
            "Direct access is enough for {}, once a seat is taken by one conditional write: without it there are {}. "
            "{} on the "
            "first try; a waiting room would cost {}.",
            crowd, joined(best.faults), "E" + answered.substr(1), money_of(c.of(Pattern::kGateway)));
      }
      return fmt::format(
          "Direct access is enough for {}: the {} is at {} in the worst second, {}, and nothing is sold twice. A "
          "waiting room would cost {}, and all it adds is a wait.",
          crowd, part, share_text(tightest), answered, money_of(c.of(Pattern::kGateway)));
    }
    case Pattern::kGateway:
      return fmt::format(
          "Build the gateway with admission control for {}: nothing is sold twice, {}, in order, for {}.", crowd,
          answered, money_of(best));
    case Pattern::kServerless:
    case Pattern::kQueue:
      return fmt::format("The {} pattern holds for {} and is the cheapest that does: {}, for {}.", name_of(c.chosen),
                         crowd, answered, money_of(best));
  }
  return {};
}

// What raising the quotas would change.
std::string prepared_note(const PlanInputs& in, const PatternResult& result) {
  const PatternRun& run = result.prepared;
  std::string text = fmt::format(
      "With the quotas raised before the sale that can be raised, the {} build leaves {} of the users without an "
      "answer instead of {}; the longest wait is {}.",
      name_of(result.pattern), share_text(run.without_answer()), share_text(result.run.without_answer()),
      seconds_text(run.answer.max_sec));
  const std::vector<std::string> faults = faults_of(in, run);
  if (faults.empty()) {
    text += fmt::format(
        " It would keep the promises then{}. What stays: nobody knows where they stand (p95 {} in the dark), and {} of "
        "the seats go to scripts.",
        result.conditional ? "" : ", once its writes are conditional", seconds_text(run.feedback.p95_sec),
        share_text(run.buyers > 0 ? static_cast<double>(run.bot_buyers) / static_cast<double>(run.buyers) : 0));
  } else {
    text += " It would still break: " + joined(faults) + ".";
  }
  return text;
}

void add_notes(Comparison& c) {
  const auto& in = c.plan.inputs;
  const PatternResult& direct = c.of(Pattern::kDirect);
  if (direct.oversold_mean >= kNobody) {
    const auto others = static_cast<long>(direct.faults.size()) - 1;
    c.notes.push_back(fmt::format(
        "What direct access and the queue service oversell comes from reading the stock and writing it {} later, not "
        "from the pattern: one conditional write (UPDATE … SET left = left - 1 WHERE left > 0) ends it{}.",
        seconds_text(in[Q::kCheckThenAct]), others > 0 ? ", and leaves the other faults as they are" : ""));
  }
  for (const Pattern pattern : {Pattern::kQueue, Pattern::kServerless}) {
    const PatternResult& result = c.of(pattern);
    if (!result.has_prepared || result.run.without_answer() <= in[Q::kErrorPromise]) continue;
    c.notes.push_back(prepared_note(in, result));
  }
  const bool incomplete = std::any_of(c.patterns.begin(), c.patterns.end(),
                                      [](const PatternResult& result) { return !result.cost.unpriced.empty(); });
  if (incomplete) {
    c.notes.push_back("Prices are missing in this region: the sums are too low, and not fit to be compared.");
  }
  c.notes.push_back(
      "Bots: the edge's rules and CAPTCHA are priced in the gateway only. They can be put before the others too; what "
      "only a line gives is that trying a thousand times gains nothing.");
  c.notes.push_back(
      "In no sum: the servers of the reservation, inventory and payment APIs. Direct access, the queue service and the "
      "gateway need them alike; to outlast the same peak, direct access needs as many times more as its load shows.");
}

}  // namespace

void judge(Comparison& comparison) {
  for (auto& result : comparison.patterns) judge_one(comparison.plan.inputs, result);
  const auto best = std::min_element(comparison.patterns.begin(), comparison.patterns.end(), better);
  comparison.chosen = best->pattern;
  comparison.chosen_holds = keeps(*best);
  comparison.headline = headline_of(comparison);
  for (const auto& result : comparison.patterns) {
    if (result.pattern == comparison.chosen) continue;
    std::string name(name_of(result.pattern));
    name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
    std::string why = result.holds ? "holds too, for " + money_of(result) : joined(result.faults);
    // Or a reader thinks that a conditional write is all it takes.
    if (!result.holds && result.faults.size() == 1 && result.oversold_mean >= kNobody) {
      why += fmt::format(
          "; with that mended, an answer takes {} on average, with no word before it, and users ask {:.1f} "
          "times",
          seconds_text(result.run.answer.mean_sec), tries_of(result.run));
    }
    comparison.reasons.push_back(fmt::format("{}: {}.", name, why));
  }
  add_notes(comparison);
}

}  // namespace tacos::plan
