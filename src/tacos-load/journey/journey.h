#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/clock.h"
#include "measure/sample.h"
#include "measure/user_state.h"
#include "tacos-load/history/history_log.h"
#include "tacos-load/journey/due_queue.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// What became of the users of a run or of one worker. Sums, but for the peak; merging adds them up.
struct JourneyCounts {
  std::uint64_t planned = 0;  // users that may start
  std::uint64_t started = 0;  // sent a first request
  std::uint64_t peak_active = 0;
  measure::UserStates states{};          // where those who started stand now
  std::uint64_t admitted = 0;            // were told that it is their turn
  std::uint64_t entered = 0;             // got a grant
  std::uint64_t reserved = 0;            // hold seats or held them
  std::uint64_t confirmed = 0;           // bought
  std::uint64_t sold_out = 0;            // were told that nothing is left
  std::uint64_t abandoned = 0;           // lost patience
  std::uint64_t expired = 0;             // lost their place although they did what they were asked to
  std::uint64_t failed = 0;              // gave up after repeated errors
  std::uint64_t position_rises = 0;      // answers that put a ticket further back: a fault of the waiting room
  std::uint64_t unreadable_answers = 0;  // complete answers that made no sense
  std::uint64_t polls = 0;
  core::Nanos polled_early{0};  // in total, to hold the offered rate when every user had polled in time

  std::uint64_t active() const { return measure::active(states); }

  // peak_active of both sides is added: workers run side by side, so the sum bounds the true peak from above.
  void merge(const JourneyCounts& other);
};

// What an answer told its user; 0 and −1 where it told nothing of the kind.
struct Told {
  std::uint32_t position = 0;
  core::Nanos time_to_admission{-1};  // first intended join → told to enter, the first time only
  core::Nanos time_to_sold_out{-1};
};

class FairnessLedger;

// What a user does next, decided by the answer to the request before.
//
// The run loop asks who sends (take, arrive, take_follow_up), has the request worded (prepare) and hands over the
// answer (on_answer). All times are offsets from the start of the run; a journey reads no clock. Two implementations:
// QueueJourney (join → poll → enter → reserve → pay → confirm) and SingleRequestJourney (one request, no state). Thread
// rule: one journey per worker, used by that worker's thread.
class Journey {
 public:
  virtual ~Journey() = default;

  // Names of the steps, in the order of their StepId.
  virtual std::span<const std::string> steps() const = 0;

  // Requests are scheduled: who sends one now? Users whose time has come go first, then a new user, then whoever would
  // poll next, early. kNoUser when everyone is waiting for an answer or done; can_supply() then tells which.
  virtual UserId take(core::Nanos now) = 0;

  // False when take() will never again name a user, whatever answers still come.
  virtual bool can_supply() const = 0;

  // Users are scheduled: a new one arrives. kNoUser when all have.
  virtual UserId arrive() = 0;

  // Users are scheduled: the earliest step that a user who is already here has to take. Nothing due: Nanos::max().
  virtual core::Nanos next_follow_up() const = 0;
  virtual UserId take_follow_up() = 0;

  // Words the request of this user. intended is when it is due; the request's views hold until the next call.
  virtual measure::StepId prepare(UserId user, core::Nanos intended, Request& request) = 0;

  // Takes the answer in, or the failure to get one, and settles what the user does next and when it is due. Returns the
  // outcome as the journey sees it: an HTTP answer it did not expect is kHttpError, one it can't read kProtocolError.
  virtual measure::Outcome on_answer(UserId user, measure::StepId step, core::Nanos intended, core::Nanos done,
                                     const Response& response) = 0;

  // What the last answer handed to on_answer told.
  virtual Told told() const { return {}; }

  // For the history of a run. First who asks what, before the answer is handed to on_answer; then what that answer
  // told. The views live until the next call of on_answer or prepare.
  virtual void describe_request(UserId, measure::StepId, HistoryLine&) const {}
  virtual void describe_answer(HistoryLine&) const {}

  // Who came and went when; null for journeys without a line.
  virtual const FairnessLedger* fairness() const { return nullptr; }

  // A request that was scheduled for the user but never sent (its time-out passed while it waited).
  virtual void on_unsent(UserId user, core::Nanos intended, core::Nanos now) = 0;

  virtual const JourneyCounts& counts() const = 0;
};

}  // namespace tacos::load
