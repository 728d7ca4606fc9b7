#include "tacos-plan/patterns/crowd.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tacos-plan/simulation/draws.h"

namespace tacos::plan {
namespace {

ArrivalParameters arrivals_of(const CrowdParameters& crowd) {
  ArrivalParameters arrivals;
  arrivals.shape = ArrivalParameters::Shape::kRamp;
  arrivals.users = crowd.users;
  arrivals.spread_sec = crowd.press_sec;
  arrivals.bot_share = crowd.bot_share;
  arrivals.bot_spread_sec = std::min(crowd.bot_press_sec, crowd.press_sec);
  return arrivals;
}

}  // namespace

Crowd::Crowd(const CrowdParameters& parameters, std::uint64_t seed)
    : parameters_(parameters),
      random_(seed),
      arrivals_(draw_arrivals(arrivals_of(parameters), random_)),
      users_(arrivals_.size()),
      wheel_(static_cast<std::uint32_t>(arrivals_.size())),
      timeout_(parameters.timeout_sec > 0 ? std::max(1U, later(parameters.timeout_sec)) : 0) {}

std::uint32_t Crowd::later(double seconds) const {
  return static_cast<std::uint32_t>(std::max(1.0, std::ceil(seconds / kPatternTickSec)));
}

std::uint32_t Crowd::patience_end() {
  if (parameters_.patience_sec <= 0) return UINT32_MAX;
  return now_ + later(std::min(draw_exponential(random_) * parameters_.patience_sec, 1e6));
}

void Crowd::time_out() {
  while (!deadlines_.empty() && deadlines_.front().at <= now_) {
    const Attempt attempt = deadlines_.front().attempt;
    deadlines_.pop_front();
    if (is_live(attempt)) refuse(attempt);
  }
}

void Crowd::shuffle_due() {
  for (std::size_t left = due_.size(); left > 1; --left) std::swap(due_[left - 1], due_[random_.below(left)]);
}

void Crowd::refuse(const Attempt& attempt) {
  if (!is_live(attempt)) return;
  User& user = users_[attempt.who];
  user.waiting = false;
  const bool script = bot(attempt.who);
  const std::uint32_t most = parameters_.retries * (script ? kBotRetries : 1);
  if (user.attempts > most) return end(attempt.who, Outcome::kGaveUp);
  const double doubled = std::ldexp(parameters_.backoff_sec, static_cast<int>(std::min(user.attempts, 20U)) - 1);
  const double pause = script ? kBotPauseSec : std::min(doubled, std::max(kMostBackoffSec, parameters_.backoff_sec));
  wheel_.add(now_ + later(pause * (0.5 + random_.uniform())), attempt.who);
}

void Crowd::accept(const Attempt& attempt, double after_sec) {
  if (!is_live(attempt)) return;
  User& user = users_[attempt.who];
  user.waiting = false;
  user.accepted = true;
  wheel_.add(now_ + later(after_sec), attempt.who);
}

void Crowd::poll_again(std::uint32_t who, double after_sec) {
  wheel_.add(now_ + later(after_sec), who);
}

void Crowd::end(std::uint32_t who, Outcome outcome) {
  User& user = users_[who];
  if (user.over) return;
  user.over = true;
  user.outcome = outcome;
  ++ended_;
  const std::uint32_t waited = now_ - user.pressed;
  feedback_.count(waited);
  if (outcome == Outcome::kGaveUp || outcome == Outcome::kAbandoned) return;
  answer_.count(waited);
  const auto second = static_cast<std::size_t>(now_sec());
  if (second >= answered_in_.size()) answered_in_.resize(second + 1);
  ++answered_in_[second];
}

bool Crowd::buys() {
  return draw_chance(random_, parameters_.conversion);
}

std::uint32_t Crowd::tickets() {
  const double whole = std::floor(parameters_.tickets);
  return static_cast<std::uint32_t>(whole) + (draw_chance(random_, parameters_.tickets - whole) ? 1U : 0U);
}

void Crowd::summarise(PatternRun& run) {
  std::vector<bool> bought(users_.size());
  for (std::uint32_t who = 0; who < users_.size(); ++who) {
    const User& user = users_[who];
    ++run.users[static_cast<std::size_t>(user.outcome)];
    bought[who] = user.outcome == Outcome::kSeat;
    if (!bought[who]) continue;
    ++run.buyers;
    if (bot(who)) ++run.bot_buyers;
  }
  run.attempts = attempts_;
  run.inversions = inversion_share(bought);
  run.answer = answer_.summary(kPatternTickSec);
  run.feedback = feedback_.summary(kPatternTickSec);
  run.answered_by.clear();
  double sum = 0;
  run.answered_by.emplace_back(0, 0);
  for (std::size_t second = 0; second < answered_in_.size(); ++second) {
    sum += answered_in_[second];
    run.answered_by.emplace_back(static_cast<double>(second) + 1, sum);
  }
}

double inversion_share(const std::vector<bool>& bought) {
  double others = 0, buyers = 0, pairs = 0;
  for (const bool buyer : bought) {
    if (buyer) {
      buyers += 1;
      pairs += others;
    } else {
      others += 1;
    }
  }
  return buyers > 0 && others > 0 ? pairs / (buyers * others) : 0;
}

}  // namespace tacos::plan
