#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tacos-plan/simulation/sale_parameters.h"
#include "tacos-plan/simulation/timeline.h"
#include "tacos-plan/simulation/wait_counts.h"

namespace tacos::plan {

// How the sale ended for a user. Every user ends in exactly one way.
enum class Ending : std::uint8_t {
  kBought,
  kToldSoldOut,
  kAbandoned,      // lost patience in line
  kMissedTurn,     // saw it too late, let it lapse, or didn't use the grant in time
  kFoundNoSeat,    // was called in when every seat was held or sold, and not told before
  kDeclined,       // went in, looked, and reserved nothing
  kPaymentFailed,  // or was not made before the hold lapsed
  kGaveUp,         // never got through: the join was shed again and again
  kSwept,          // the room took them for gone: their polls were shed for longer than the heartbeat
  kUnfinished,     // still in line, or inside, at the horizon
  kNotArrived,     // by the horizon
};
constexpr std::size_t kEndings = 11;
std::string_view name_of(Ending ending);

struct SaleSummary {
  std::array<std::uint64_t, kEndings> users{};  // by ending
  std::uint64_t of(Ending ending) const { return users[static_cast<std::size_t>(ending)]; }

  std::uint64_t arrived = 0;
  std::uint64_t joined = 0;
  std::uint64_t admitted = 0;  // called in, those who had gone already among them
  std::uint64_t entered = 0;
  std::uint64_t expired_turns = 0;  // nobody came within the turn's time
  std::uint64_t swept_tickets = 0;  // of users who had left without a word, and of those whose polls were shed
  // Where tickets went that were not called in: joined = admitted + swept + left + told + still in line.
  std::uint64_t left_line = 0;     // said goodbye
  std::uint64_t told_in_line = 0;  // that the sale is sold out
  std::uint64_t in_line_at_end = 0;
  std::uint64_t seats_sold = 0;
  std::uint64_t oversold = 0;  // 0, or the simulation is wrong
  std::uint64_t bot_buyers = 0;

  // After the opening; negative: never.
  double seats_gone_sec = -1;         // no seat free for the first time
  double last_buyer_called_sec = -1;  // when the last of those who reserved had been called in
  double sold_out_sec = -1;           // every seat paid
  double ended_sec = 0;               // nobody waits for anything any more

  WaitSummary wait_to_admission;  // from arriving to being called in
  WaitSummary wait_to_turn;       // from arriving to knowing it
  WaitSummary wait_to_sold_out;   // from arriving to the sold-out answer

  std::uint64_t polls = 0;          // status calls, retries among them
  std::uint64_t polls_in_vain = 0;  // answered "still waiting", or "sold out" again
  double peak_status_per_sec = 0;
  std::uint64_t peak_waiting = 0;
  std::uint64_t shed = 0;

  std::array<ComponentLoad, kComponents> loads{};
  // The component that first had nothing to spare for a second; the index is kComponents when none had.
  std::size_t first_saturated = kComponents;
  double pod_hours = 0;  // of the gateway, started or not, until the simulation ended
  std::uint32_t peak_pods = 0;
  std::uint32_t interrupted_nodes = 0;
};

struct SaleResult {
  SaleSummary summary;
  std::vector<TimelinePoint> timeline;
};

// Every admission of a run, in order, for those who audit it.
struct SaleTrace {
  struct Admission {
    double at_sec = 0;
    std::uint32_t ticket = 0;
  };
  std::vector<Admission> admissions;
};

// Plays the sale through in virtual time, user by user, in ticks of 10 ms. The same parameters and seed give the same
// result on every platform. The parameters must have passed check().
//
// The work is in proportion to the polls, at some tens of nanoseconds each; what makes it long is a crowd that is never
// told, for instance 300,000 users asking every 5 s for an hour: 200 million polls.
SaleResult simulate_sale(const SaleParameters& parameters, std::uint64_t seed, SaleTrace* trace = nullptr);

}  // namespace tacos::plan
