#include "tacos-gateway/store/poll_advice.h"

#include <algorithm>

#include "core/random.h"
#include "core/units.h"

namespace tacos::gateway {
namespace {

using core::Nanos;
using std::chrono::seconds;

constexpr Nanos kShortestPoll = seconds(1);
constexpr Nanos kLongestPoll = seconds(20);
// Of a ticket that no longer waits: its user has something better to do than to ask, and is not to be a load.
constexpr Nanos kSettledPoll = seconds(5);
constexpr double kPollJitter = 0.1;

}  // namespace

Nanos eta_of(std::uint64_t position, const LinePace& pace) {
  // With admission stopped nobody knows; a day says "long" without overflowing anything.
  if (pace.admitted_per_second <= 0) return std::chrono::hours(24);
  const double seconds_in_line = std::min(static_cast<double>(position) / pace.admitted_per_second, 86'400.0);
  return pace.until_open + core::from_seconds(seconds_in_line);
}

// The limits leave room for the jitter: brought back to a limit afterwards, half of all who are far from the front
// would be told exactly the same.
Nanos poll_after(Nanos eta, TicketNumber number, Nanos heartbeat_ttl) {
  const Nanos longest = std::max(kShortestPoll, std::min(kLongestPoll, heartbeat_ttl / 3));
  const double most = core::to_seconds(longest) / (1 + kPollJitter);
  const double least = std::min(core::to_seconds(kShortestPoll) / (1 - kPollJitter), most);
  const double factor = 1 - kPollJitter + 2 * kPollJitter * core::Random::uniform_at(0x7ac05, number);
  const double seconds_left = std::clamp(core::to_seconds(eta) / 4, least, most) * factor;
  return std::clamp(core::from_seconds(seconds_left), kShortestPoll, longest);
}

void advise(TicketView& view, TicketNumber number, const LinePace& pace) {
  if (view.status == TicketStatus::kWaiting) {
    view.eta = eta_of(view.position, pace);
    view.poll_after = poll_after(view.eta, number, pace.heartbeat_ttl);
  } else if (view.status == TicketStatus::kReady) {
    view.poll_after = kShortestPoll;
  } else if (view.status == TicketStatus::kSoldOut) {
    // Nothing will change; those who ask all the same are kept at a distance.
    view.poll_after = poll_after(std::chrono::hours(1), number, pace.heartbeat_ttl);
  } else {
    view.poll_after = kSettledPoll;
  }
}

}  // namespace tacos::gateway
