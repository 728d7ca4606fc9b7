#pragma once

#include "core/result.h"

namespace tacos::plan {

// Users in line ask how they stand. Everything here is a mean over users who joined at different moments; those
// who join together ask together, as far as the jitter lets them.

// n users at a fixed interval i: n/i a second. Fails unless n ≥ 0 and i > 0 are finite.
core::Result<double> fixed_polls_per_second(double users, double interval_seconds);
// N users who wait w on average ask N × w/i times, since each is in line w/i intervals long. By Little's law it is the
// same whatever the order of the line.
core::Result<double> fixed_polls_total(double users, double mean_wait_seconds, double interval_seconds);

// How the waiting room answers "ask again in": a share of the wait that is left, within limits, and never so seldom
// that the heartbeat would lapse; spread by ± jitter and brought back within the limits. The same rule, with these
// defaults, is EventLine::poll_after of the gateway.
struct PollRule {
  double share = 0.25;
  double shortest_seconds = 1;
  double longest_seconds = 20;
  double heartbeat_seconds = 60;  // a third of it is the other limit to longest_seconds
  double jitter = 0.1;            // the factor of a ticket is uniform in [1 − jitter, 1 + jitter)
};

// Fails, naming the value, unless 0 < share, share × (1 + jitter) < 1, 0 < shortest ≤ longest, heartbeat > 0 and
// 0 ≤ jitter < 1, all finite.
core::Result<void> check_poll_rule(const PollRule& rule);

// max(shortest, min(longest, heartbeat/3)), seconds: the longest that anybody is told, the worst delay of any news.
double longest_poll_seconds(const PollRule& rule);

// clamp(share × e, shortest ÷ (1 − jitter), longest ÷ (1 + jitter)) × f, seconds, for a user whose turn is e seconds
// away and whose ticket has the factor f: the limits leave room for the jitter, so that users far from the front are
// not all told the same. Where the limits are too close for that, the result is brought back within them.
double poll_interval_seconds(const PollRule& rule, double eta_seconds, double factor);

// A line of n users that is let in at a users a second.
struct PolledLine {
  double users = 0;             // n
  double admitted_per_sec = 0;  // a
};

// What the rule costs. A user whose wait left is w, asking again after a step s(w), passes from w to w − s(w); where
// s = g·w, g = share × f, that is a factor 1 − g a step, so ln(w₁/w₀)/κ steps from w₁ to w₀ with κ = −ln(1 − g); where
// s is at a limit it is (w₁ − w₀)/s. With p_lo = f × shortest/(1 − jitter), p_hi = f × longest/(1 + jitter) and the
// bends at w_lo = p_lo/g, w_hi = p_hi/g, the polls of a user who has w to wait are on average
//   P(w) = min(w, w_lo)/p_lo + ln(min(w, w_hi)/w_lo)/κ [w > w_lo] + (w − w_hi)/p_hi [w > w_hi]
// and, as positions pass at a a second, the line of n asks a × P(n/a) times a second while its users' last steps were
// taken in the same line: the rate falls from there as the line drains. All n together ask a ∫₀^(n/a) P(w) dw times.
// P is averaged over f by Simpson's rule. Like w/i it counts lengths of steps: polls made in line are half a poll a
// user fewer, those and the one that shows the turn half a poll more. The total is within 3 % of walking every user's
// polls; the peak is that of a line in which steps have mixed, which those of a burst have after a few polls. Fails as
// check_poll_rule does, and unless n ≥ 0 and a > 0 are finite. Source: own derivation (renewal density of a step that
// depends on the place), checked in the test by walking every user.
struct PollLoad {
  double peak_per_second = 0;         // a P(n/a)
  double total = 0;                   // over the whole drain
  double fixed_peak_per_second = 0;   // at the fixed interval to compare with
  double fixed_total = 0;             //
  double reduction = 0;               // 1 − total/fixed_total; below 0 when the rule asks more often
  double mean_notice_seconds = 0;     // from a user's turn to their next poll: half the last interval
  double longest_notice_seconds = 0;  // one interval
};
core::Result<PollLoad> poll_load(const PolledLine& line, const PollRule& rule, double fixed_interval_seconds);

// P(w): polls of one user with w seconds to wait, on average over factors. 0 at w ≤ 0.
core::Result<double> polls_of_user(const PollRule& rule, double wait_seconds);

// Half an interval on average and a whole one at worst pass between a change and the poll that shows it, when changes
// come at any moment of the interval.
struct NoticeDelay {
  double mean_seconds = 0;
  double longest_seconds = 0;
};
core::Result<NoticeDelay> notice_delay(double interval_seconds);

}  // namespace tacos::plan
