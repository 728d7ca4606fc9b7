#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "core/random.h"
#include "model/http_pool.h"
#include "model/ledger.h"

namespace tacos::model {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

// When things lapse, as the gateway is told, and when users come and stop their tricks.
struct Times {
  milliseconds turn_ttl{2000};  // more than the shortest poll_after_ms, or users who obey would miss their turns
  milliseconds grant_ttl{1000};
  milliseconds hold_ttl{1500};
  milliseconds heartbeat_ttl{4000};
  // A gateway on a Redis answers from what it read some time before, and writes heartbeats a third of their time late.
  milliseconds stale{0};
  milliseconds surely_heard{heartbeat_ttl - milliseconds(500)};  // between two questions of a user who is there
  // How long a ticket lives for certain after its user asked and was told to wait.
  milliseconds surely_lives() const { return turn_ttl - stale; }
  milliseconds arrivals{5000};        // over which users arrive
  milliseconds tricks_until{14'000};  // afterwards every user does only what the answers say
  milliseconds ends_at{60'000};       // a user who is not done by then is a fault
};

// What all users of a run share.
struct World {
  boost::asio::io_context& io;
  HttpPool& pool;
  Ledger& ledger;
  Times times;
  std::uint64_t seed = 1;
  Time began{};
};

// A user who does what each answer says, and at random what people do: letting things lapse, repeating, changing
// their mind. Each answer is checked as it comes; faults go to the ledger with the user's calls.
class RandomUser {
 public:
  // Of a user who is done by then; one who is not goes round in circles.
  static constexpr unsigned kMostCalls = 80;

  RandomUser(World& world, std::uint64_t number, std::string event);

  // From arrival to a final state.
  boost::asio::awaitable<void> live();

 private:
  enum class Step : std::uint8_t { kJoin, kPoll, kEnter, kReserve, kIntent, kPay, kConfirm, kCancel, kLeave, kFinal };
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  struct Reservation {
    std::string id;
    std::int64_t amount = 1;  // of a reservation whose answer was lost: any, the gateway tells the right one
    std::string currency = "EUR";
    std::string payment;
    bool approved = false;
    bool maybe_approved = false;  // a payment's answer was lost
    Time ends = Time::max();      // of the hold, when its answer was seen
  };
  struct Traced {
    milliseconds at;
    std::string text;
  };

  static std::string_view name_of(Step step);

  // One step of the journey. The next one.
  Awaitable<Step> take(Step step);
  Awaitable<Step> join();
  Step joined(const HttpAnswer& answer, Time sent);
  Awaitable<Step> poll();
  Awaitable<Step> while_waiting();
  Step when_called();
  Awaitable<Step> enter();
  Awaitable<Step> reserve();
  Step reserved(const HttpAnswer& answer);
  Awaitable<Step> make_intent();
  Awaitable<Step> pay();
  Awaitable<Step> confirm();
  Step bought(const HttpAnswer& answer);
  Awaitable<Step> cancel();
  Step after_cancelling();
  Awaitable<Step> leave();

  // What an error answer says to do.
  Step follow(Step step, const HttpAnswer& answer);
  Step follow_forbidden(const std::string& message);
  Step follow_wait(Step step, const HttpAnswer& answer);
  Step join_again();

  // Tricks that need calls of their own.
  Awaitable<void> join_from_a_second_device();
  Awaitable<void> show_an_old_token();

  // Sends a call; at random twice, at once, or with a first answer that is lost.
  Awaitable<HttpAnswer> ask(Step step, const HttpCall& call);
  Awaitable<HttpAnswer> send(Step step, const HttpCall& call);
  Awaitable<HttpAnswer> send_twice_at_once(Step step, const HttpCall& call);
  void expect_same(const HttpCall& call, Time sent, const HttpAnswer& first, const HttpAnswer& again);
  Awaitable<void> pause(milliseconds time);

  bool trick(double probability, std::string_view name);
  void wait_as_told(const HttpAnswer& answer);
  void give_ticket_up();
  void note(Step step, const HttpCall& call, const HttpAnswer& answer);
  void note_next(Step step, const HttpAnswer& answer, Step next);
  void fault(const std::string& kind);
  void check_position(const HttpAnswer& answer);
  void note_waiting(Time sent);
  void check_lapse();
  void check_money();
  std::string fresh_key();
  HttpCall purchase(std::string target, nlohmann::json body);
  nlohmann::json join_body(bool shows_token) const;
  milliseconds age() const;

  World& world_;
  const std::uint64_t number_;
  const std::string event_;
  core::Random random_;
  bool named_ = false;
  bool one_key_ = false;  // the same Idempotency-Key for every join
  unsigned tricks_left_ = 0;

  std::string join_key_;
  bool forgot_ = false;  // token and key
  std::string token_;
  std::set<std::string> dead_tokens_;
  std::int64_t position_ = 0;  // the last that was told; 0: none
  std::string grant_;
  Time last_heard_{};  // when the ticket was last asked for, and waited
  Time live_until_{};  // until then the ticket can't have lapsed
  Reservation reservation_;
  std::int64_t quantity_ = 1;
  std::vector<std::uint64_t> wanted_;

  std::string order_id_;
  std::string used_payment_;
  std::set<std::string> approved_;
  std::set<std::string> refunds_;
  Final final_ = Final::kNone;

  // The call to send again as it was, after a wait.
  std::optional<HttpCall> again_;
  HttpCall last_call_;
  milliseconds wait_{0};
  unsigned calls_ = 0;
  unsigned keys_ = 0;
  unsigned without_wait_ = 0;
  unsigned most_without_wait_ = 0;
  std::map<std::string, unsigned> seen_without_wait_;
  std::vector<Traced> trace_;
};

}  // namespace tacos::model
