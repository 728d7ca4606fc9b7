#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "tacos-load/journey/answer_reader.h"
#include "tacos-load/journey/fairness_ledger.h"
#include "tacos-load/journey/journey.h"
#include "tacos-load/journey/journey_plan.h"
#include "tacos-load/journey/token_store.h"

namespace tacos::load {

// Which of the users of the whole run a worker plays.
struct UserShare {
  std::uint32_t users = 0;   // how many start in this worker
  std::uint32_t worker = 0;  // worker w of n plays the users w, w + n, w + 2n, …
  std::uint32_t workers = 1;
  std::uint64_t seed = 1;
};

// The crowd in front of a waiting room: each user joins, polls, enters when it is their turn, holds seats, pays,
// confirms.
//
// A dependent step is due at the *intended* time of the step before plus the interval or thinking time, not at the time
// the answer came: a slow answer then shows up as latency of the next step instead of quietly lowering the load
// (coordinated omission). Only poll_fixed_delay asks for the opposite.
//
// A user is 44 bytes plus the token; what a checkout needs is kept only for the few who are in one.
class QueueJourney final : public Journey {
 public:
  enum Step : measure::StepId { kJoin, kStatus, kEnter, kReserve, kPayIntent, kPay, kConfirm, kLeave };

  QueueJourney(QueueJourneyPlan plan, UserShare share);

  std::span<const std::string> steps() const override;
  UserId take(core::Nanos now) override;
  bool can_supply() const override;
  UserId arrive() override;
  core::Nanos next_follow_up() const override;
  UserId take_follow_up() override;
  measure::StepId prepare(UserId user, core::Nanos intended, Request& request) override;
  measure::Outcome on_answer(UserId user, measure::StepId step, core::Nanos intended, core::Nanos done,
                             const Response& response) override;
  void on_unsent(UserId user, core::Nanos intended, core::Nanos now) override;
  Told told() const override { return told_; }
  void describe_request(UserId user, measure::StepId step, HistoryLine& line) const override;
  void describe_answer(HistoryLine& line) const override;
  const FairnessLedger* fairness() const override { return &fairness_; }
  const JourneyCounts& counts() const override { return counts_; }

 private:
  struct User {
    std::int64_t joined_ns = -1;  // intended time of the first join; -1 before it
    TokenStore::Handle token = TokenStore::kNone;
    std::uint32_t checkout = 0;  // index + 1 into checkouts_; 0 for none
    std::uint32_t best_position = 0;
    Step step = kJoin;
    measure::UserState state : 6 = measure::UserState::kJoining;
    bool told_ready : 1 = false;
    bool told_sold_out : 1 = false;
    std::uint8_t attempts = 0;  // of the current checkout step
  };

  // What only someone who has entered carries.
  struct Checkout {
    std::string grant;
    std::string reservation_id;
    // What the reservation costs, when its answer told.
    std::optional<std::uint64_t> amount;
    std::string currency;
    std::string payment_intent_id;
  };

  // The moments of one answer, handed to the rules below.
  struct Moment {
    UserId id;
    User& user;
    core::Nanos intended;
    core::Nanos done;
    const Response& response;
  };

  measure::Outcome after_join(const Moment& at);
  measure::Outcome after_status(const Moment& at);
  measure::Outcome after_enter(const Moment& at);
  measure::Outcome after_checkout(const Moment& at);
  const std::optional<Answer>& read_answer(const Moment& at);
  void read_status(const Moment& at, const Answer& answer);
  void note_position(User& user, std::uint64_t position);

  void poll_again(const Moment& at, std::uint64_t poll_after_ms);
  void refresh_or_go(const Moment& at, std::uint64_t poll_after_ms);
  void retry_later(const Moment& at);
  void lose_place(const Moment& at);
  void next_step(const Moment& at, Step step, core::Nanos think);
  void abandon(const Moment& at);
  void finish(User& user);
  void move_to(User& user, measure::UserState state);
  core::Nanos interval(std::uint64_t poll_after_ms);
  Checkout& checkout_of(User& user);

  std::uint64_t number_of(UserId id) const { return std::uint64_t{id} * share_.workers + share_.worker; }
  void word_checkout(const User& user, UserId id, Request& request);
  void append_to_target(std::string_view text);
  void append_to_body(std::string_view text);

  QueueJourneyPlan plan_;
  UserShare share_;
  core::Random random_;
  std::vector<User> users_;
  TokenStore tokens_;
  std::vector<Checkout> checkouts_;
  std::vector<std::uint32_t> free_checkouts_;
  DueQueue polls_;    // users who would ask again
  DueQueue errands_;  // users in the middle of buying or leaving: they go first and never early
  AnswerReader reader_;
  std::optional<Answer> answer_;  // the one that on_answer was given last, when it could be read
  FairnessLedger fairness_;
  Told told_;
  JourneyCounts counts_;

  std::string target_;  // scratch of prepare()
  std::string body_;
  std::string key_;
};

}  // namespace tacos::load
