#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "tacos-plan/simulation/admission.h"
#include "tacos-plan/simulation/arrivals.h"
#include "tacos-plan/simulation/fleet.h"
#include "tacos-plan/simulation/poll_timer.h"
#include "tacos-plan/simulation/redis_station.h"
#include "tacos-plan/simulation/sale_simulation.h"
#include "tacos-plan/simulation/seat_office.h"
#include "tacos-plan/simulation/timing_wheel.h"
#include "tacos-plan/simulation/waiting_line.h"

namespace tacos::plan {

// One play of a sale: simulate_sale() behind the door. A tick brings, in this order: lapsed turns, admissions, what
// users do and what they are answered, arrivals. A request waits at the gateway, then at the store, and takes effect
// when the store has executed it; waits below a tick take effect at once. Used once. Thread rule: none.
class SaleRun {
 public:
  SaleRun(const SaleParameters& parameters, std::uint64_t seed, SaleTrace* trace);
  SaleResult play();

 private:
  using Call = RedisStation::Call;
  enum class Stage : std::uint8_t { kJoining, kWaiting, kCalled, kInside, kOver };
  // What a user's entry in the wheel stands for.
  enum class Next : std::uint8_t { kAsk, kStore, kAnswer, kReserve, kGrantEnd, kPay, kHoldEnd, kLeave, kSweep };
  enum class Turn : std::uint8_t { kNone, kOpen, kUsed, kLapsed };

  // Times are ticks.
  struct Visitor {
    std::uint32_t arrived = 0;
    std::uint32_t patience_end = kNever;  // of refreshing, for those who were told "sold out"
    std::uint32_t ticket = 0;
    std::uint32_t called = 0;
    std::uint32_t sent = 0;  // the request under way
    std::uint32_t seen = 0;  // by the room
    Stage stage = Stage::kJoining;
    Next next = Next::kAsk;
    Call call = Call::kJoin;
    Turn turn = Turn::kNone;
    std::uint8_t attempts = 0;
    std::uint8_t seats = 0;  // held
    bool bot = false;
    bool knows = false;  // of the turn
  };

  static constexpr std::uint32_t kNever = UINT32_MAX;
  static constexpr std::uint32_t kTicksPerSec = 100;
  static constexpr double kTickSec = 0.01;

  static std::uint32_t ticks(double sec) { return static_cast<std::uint32_t>(sec * kTicksPerSec + 0.5); }
  void plan(std::uint32_t who, Next next, double after_sec) {
    visitors_[who].next = next;
    const std::uint32_t after = ticks(after_sec);
    wheel_.add(now_ + (after > 0 ? after : 1), who);
  }
  bool told() const {
    return sold_out_ && sale_.admission.after_sell_out == AdmissionParameters::AfterSellOut::kStopAndTell;
  }

  void play_tick();
  void close_second();
  void arrive();
  void act(std::uint32_t who);

  // A request on its way, and back.
  void ask(std::uint32_t who, Call call);
  void reach_store(std::uint32_t who, double waited_sec);
  void shed(std::uint32_t who);
  void answer(std::uint32_t who, double delay_sec);
  void answer_join(std::uint32_t who);
  void answer_status(std::uint32_t who, std::uint32_t seen_before);
  void answer_enter(std::uint32_t who);
  void stand_in_line(std::uint32_t who);
  void plan_poll(std::uint32_t who, double share_of_interval = 1);

  // The room.
  void lapse_turns();
  void call_in();
  void tell_sold_out(std::uint32_t who);
  void close_turn(Visitor& visitor, Turn how);
  void sweep(std::uint32_t who);
  void leave(std::uint32_t who);
  void finish(Visitor& visitor, Ending ending);

  // Inside.
  void reserve(std::uint32_t who);
  void pay(std::uint32_t who);
  void end_hold(std::uint32_t who);
  std::uint32_t draw_tickets();

  void summarise();

  SaleParameters sale_;
  core::Random random_;
  SaleTrace* trace_;
  PollTimer policy_;
  GatewayFleet fleet_;
  RedisStation redis_;
  AdmissionBucket bucket_;
  SeatOffice office_;
  WaitingLine line_;
  TimingWheel wheel_;
  Timeline timeline_;
  std::vector<Arrival> arrivals_;
  std::vector<Visitor> visitors_;
  std::vector<std::uint32_t> turns_;  // users in the order of being called in; before turns_lapsed_ all is settled
  std::size_t turns_lapsed_ = 0;
  std::vector<double> ticket_shares_;  // that a buyer wants at most 1, 2, 3 … tickets
  std::uint32_t now_ = 0;
  std::uint32_t next_arrival_ = 0;
  std::uint32_t admission_ticks_ = 1;
  std::uint64_t outstanding_ = 0;  // turns and grants: each may yet take a seat
  bool sold_out_ = false;
  WaitCounts to_admission_;
  WaitCounts to_turn_;
  WaitCounts to_sold_out_;
  SaleSummary summary_;
};

}  // namespace tacos::plan
