#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/random.h"
#include "tacos-plan/patterns/pattern.h"
#include "tacos-plan/simulation/arrivals.h"
#include "tacos-plan/simulation/timing_wheel.h"

namespace tacos::plan {

constexpr double kPatternTickSec = 0.01;

// Who comes when there is no waiting room, and what they do about an error.
struct CrowdParameters {
  std::uint32_t users = 300'000;
  double press_sec = 10;      // people press evenly over this
  double bot_share = 0.2;     // of the users
  double bot_press_sec = 1;   // scripts press evenly over this, from the opening on
  double timeout_sec = 10;    // 0: a client waits as long as it takes
  std::uint32_t retries = 3;  // of a person; a script tries kBotRetries times as often
  double backoff_sec = 1;  // before the k-th retry: backoff · 2^(k−1) · (0.5 … 1.5); a script pauses kBotPauseSec
  double patience_sec = 0;  // mean, exponential; 0: nobody loses it
  double conversion = 1;    // share of those served who buy
  double tickets = 1;       // of a buyer, on average: one of the two whole numbers beside it
  double horizon_sec = 3600;
};
constexpr std::uint32_t kBotRetries = 10;
constexpr double kBotPauseSec = 1;
constexpr double kMostBackoffSec = 30;

// Each request for a seat. It is stale once its user has gone on: timed out, ended, or tried again.
struct Attempt {
  std::uint32_t who = 0;
  std::uint32_t number = 0;
};

// The users of one run: when each presses, tries again, gives up, and how it ended. What is in between (the parts that
// serve an attempt) belongs to the pattern. Time is in ticks of 10 ms. Thread rule: none.
class Crowd {
 public:
  Crowd(const CrowdParameters& parameters, std::uint64_t seed);

  std::uint32_t now() const { return now_; }
  double now_sec() const { return now_ * kPatternTickSec; }
  core::Random& random() { return random_; }
  const CrowdParameters& parameters() const { return parameters_; }

  // Moves on by one tick: press(attempt) for everyone who asks for a seat in it, poll(who) for everyone whose poll is
  // due. Clients whose request was lost have gone on before.
  template <class Press, class Poll>
  void tick(Press press, Poll poll) {
    ++now_;
    time_out();
    due_.clear();
    for (; next_ < arrivals_.size() && arrivals_[next_].at_sec <= now_sec(); ++next_) {
      users_[next_].pressed = now_;
      users_[next_].gives_up = patience_end();
      due_.push_back(next_);
    }
    wheel_.take(
        now_, [](std::uint32_t) {}, [&](std::uint32_t who) { due_.push_back(who); });
    shuffle_due();
    for (const std::uint32_t who : due_) {
      const User& user = users_[who];
      if (user.over) continue;
      if (now_ >= user.gives_up) {
        end(who, Outcome::kAbandoned);
      } else if (user.accepted) {
        poll(who);
      } else {
        send(who, press);
      }
    }
  }

  bool is_live(const Attempt& attempt) const {
    const User& user = users_[attempt.who];
    return !user.over && user.waiting && user.attempts == attempt.number;
  }
  bool over(std::uint32_t who) const { return users_[who].over; }
  bool bot(std::uint32_t who) const { return arrivals_[who].bot; }

  // An error came back: the client tries again later, or gives up.
  void refuse(const Attempt& attempt);
  // The request was taken in; the answer is to be asked for, first after `after_sec`.
  void accept(const Attempt& attempt, double after_sec);
  void poll_again(std::uint32_t who, double after_sec);
  void end(std::uint32_t who, Outcome outcome);

  bool buys();              // whether one who is served buys
  std::uint32_t tickets();  // how many seats a buyer wants
  bool all_over() const { return ended_ == users_.size(); }
  bool at_horizon() const { return now_sec() >= parameters_.horizon_sec; }

  // What the crowd knows of the run: outcomes, waits, inversions, curve. Ends everyone who is left as unfinished.
  void summarise(PatternRun& run);

 private:
  struct User {
    std::uint32_t pressed = 0;
    std::uint32_t attempts = 0;
    std::uint32_t gives_up = UINT32_MAX;
    bool waiting = false;   // for the answer to its last attempt
    bool accepted = false;  // now polls
    bool over = false;
    Outcome outcome = Outcome::kUnfinished;
  };
  struct Deadline {
    std::uint32_t at = 0;
    Attempt attempt;
  };

  template <class Press>
  void send(std::uint32_t who, Press press) {
    User& user = users_[who];
    user.waiting = true;
    ++user.attempts;
    ++attempts_;
    const Attempt attempt{who, user.attempts};
    if (timeout_ > 0) deadlines_.push_back({now_ + timeout_, attempt});
    press(attempt);
  }
  void time_out();
  // Within a tick nobody is first: or those who try again would always come behind those who press for the first time,
  // and a front that refuses would refuse them all.
  void shuffle_due();
  std::uint32_t patience_end();
  std::uint32_t later(double seconds) const;

  CrowdParameters parameters_;
  core::Random random_;
  std::vector<Arrival> arrivals_;
  std::vector<User> users_;
  TimingWheel wheel_;
  std::vector<std::uint32_t> due_;  // in this tick
  std::deque<Deadline> deadlines_;  // in order: all wait equally long
  std::uint32_t timeout_ = 0;
  std::uint32_t now_ = 0;
  std::uint32_t next_ = 0;
  std::uint32_t ended_ = 0;
  std::uint64_t attempts_ = 0;
  WaitCounts answer_, feedback_;
  std::vector<std::uint32_t> answered_in_;  // by second
};

// Of all pairs of a buyer and another, the share in which the other comes first in `bought`, which is in the order of
// pressing. 0 when there is no such pair: the Mann-Whitney statistic U over n₁n₂ (Mann & Whitney, Annals of
// Mathematical Statistics 18, 1947).
double inversion_share(const std::vector<bool>& bought);

}  // namespace tacos::plan
