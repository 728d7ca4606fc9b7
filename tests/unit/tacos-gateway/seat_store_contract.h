#pragma once

#include <array>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "tacos-gateway/backend/seat_store.h"
#include "tacos-gateway/store/event_line.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Two gateways' seats and line under test, with a clock that the test moves. Where a store is one process's own, both
// are that process.
class SeatsUnderTest {
 public:
  virtual ~SeatsUnderTest() = default;
  virtual QueueStore& line() = 0;
  virtual SeatStore& seats(std::size_t gateway) = 0;
  // Moves the clock on, in whole milliseconds.
  virtual void pass(core::Nanos time) = 0;
  // Where sessions complete their commands, and what runs that until a condition holds.
  virtual boost::asio::any_io_executor executor() { return {}; }
  virtual void run_until(const std::function<bool()>& /*condition*/) {}
};

struct SeatsSetup {
  LineOptions line{.seats = 10};
  core::Nanos hold_ttl = std::chrono::seconds(60);
  SeatLimits limits{};
};
using SeatsFactory = std::function<std::unique_ptr<SeatsUnderTest>(const SeatsSetup&)>;

// The suite's fixture: a session at each gateway, and each command as a call.
class SeatStoreContract : public testing::TestWithParam<SeatsFactory> {
 protected:
  using Seats = std::vector<std::uint32_t>;

  SeatsUnderTest& under_test() {
    if (!under_test_) {
      under_test_ = GetParam()(setup);
      line_ = under_test_->line().open_session(under_test_->executor());
      for (std::size_t i = 0; i < 2; ++i) sessions_[i] = under_test_->seats(i).open_session(under_test_->executor());
    }
    return *under_test_;
  }
  void pass(core::Nanos time) { under_test().pass(time); }

  StoreCommand ask_line(StoreCommand command) {
    SeatsUnderTest& asked = under_test();
    bool done = false;
    command.owner = &done;
    command.done = [](StoreCommand& c) { *static_cast<bool*>(c.owner) = true; };
    StoreCommand* batch[] = {&command};
    line_->submit(batch);
    asked.run_until([&] { return done; });
    EXPECT_TRUE(done);
    return command;
  }
  StoreCommand join(std::uint64_t user) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kJoin;
    command.event_id = "e1";
    command.user = {user, user * 7919};
    return ask_line(command);
  }
  TicketRef ticket(std::uint64_t user) { return join(user).ref; }

  // Tells the line what it must be told, as the routes do.
  SeatCommand run(std::size_t gateway, SeatCommand command) {
    SeatsUnderTest& asked = under_test();
    bool done = false;
    command.context = &done;
    command.done = [](SeatCommand& c) { *static_cast<bool*>(c.context) = true; };
    sessions_[gateway]->submit(command);
    asked.run_until([&] { return done; });
    EXPECT_TRUE(done);
    if (command.report_inventory) report(command.reservation.event, command.reservation.inventory);
    return command;
  }
  void report(std::uint64_t event, const StoreCommand::Inventory& inventory) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kReportInventory;
    command.ref.event = event;
    command.inventory = inventory;
    ask_line(command);
  }
  void sweep(std::size_t gateway = 0) {
    under_test();
    for (const SeatChange& change : sessions_[gateway]->sweep()) report(change.event, change.inventory);
    // A sweep answers nobody, but what is asked behind it is answered behind it.
    cancel({0, event_key("e1"), 1}, "res_none", gateway);
  }
  void suspend(std::size_t gateway, const KeyClaim& key) { sessions_[gateway]->suspend(key); }

  static SeatCommand hold_of(const TicketRef& owner, const std::string& attempt, std::uint32_t quantity,
                             Seats wanted = {}, bool replay_only = false) {
    SeatCommand command;
    command.kind = SeatCommand::Kind::kHold;
    command.owner = owner;
    command.attempt = attempt;
    command.quantity = quantity;
    command.wanted = std::move(wanted);
    command.replay_only = replay_only;
    return command;
  }
  SeatCommand hold(const TicketRef& owner, std::uint32_t quantity, Seats wanted = {}, std::size_t gateway = 0) {
    return run(gateway, hold_of(owner, "a", quantity, std::move(wanted)));
  }
  SeatCommand of_reservation(SeatCommand::Kind kind, const TicketRef& owner, const std::string& id,
                             std::size_t gateway = 0, const std::string& intent = {}) {
    SeatCommand command;
    command.kind = kind;
    command.owner = owner;
    command.reservation_id = id;
    command.intent.id = intent;
    return run(gateway, std::move(command));
  }
  SeatCommand find_of_ticket(const TicketRef& owner, std::size_t gateway = 0) {
    return of_reservation(SeatCommand::Kind::kFindOfTicket, owner, {}, gateway);
  }
  SeatCommand make_intent(const TicketRef& owner, const std::string& id, std::uint64_t amount, std::size_t gateway = 0,
                          const std::string& currency = "USD") {
    SeatCommand command;
    command.kind = SeatCommand::Kind::kMakeIntent;
    command.owner = owner;
    command.reservation_id = id;
    command.intent.amount = amount;
    command.intent.currency = currency;
    return run(gateway, std::move(command));
  }
  // For what the reservation costs.
  SeatCommand make_intent(const TicketRef& owner, const std::string& id) {
    return make_intent(owner, id, find_of_ticket(owner).reservation.amount);
  }
  SeatCommand pay(const TicketRef& owner, const std::string& intent, bool approve, std::size_t gateway = 0) {
    SeatCommand command;
    command.kind = SeatCommand::Kind::kPay;
    command.owner = owner;
    command.intent.id = intent;
    command.approve = approve;
    return run(gateway, std::move(command));
  }
  std::string approved_payment(const TicketRef& owner, const std::string& reservation, std::size_t gateway = 0) {
    const auto made = make_intent(owner, reservation, find_of_ticket(owner).reservation.amount, gateway);
    if (made.outcome != SeatOutcome::kOk) return "pay_none";
    EXPECT_EQ(pay(owner, made.intent.id, true, gateway).intent.status, PaymentStatus::kApproved);
    return made.intent.id;
  }
  SeatCommand confirm(const TicketRef& owner, const std::string& id, const std::string& intent,
                      std::size_t gateway = 0) {
    return of_reservation(SeatCommand::Kind::kConfirm, owner, id, gateway, intent);
  }
  SeatCommand cancel(const TicketRef& owner, const std::string& id, std::size_t gateway = 0) {
    return of_reservation(SeatCommand::Kind::kCancel, owner, id, gateway);
  }
  SeatCommand key(SeatCommand::Kind kind, KeyClaim claim, std::size_t gateway = 0) {
    SeatCommand command;
    command.kind = kind;
    command.key = std::move(claim);
    return run(gateway, std::move(command));
  }
  KeyClaim claim(const std::string& scoped, std::string_view body, std::size_t gateway = 0,
                 const TicketRef& owner = {}) {
    return key(SeatCommand::Kind::kClaimKey, {.owner = owner, .scoped_key = scoped, .body = body}, gateway).key;
  }
  // Of a request that ends a purchase.
  KeyClaim claim_to_end(const std::string& scoped, std::size_t gateway, const TicketRef& owner) {
    KeyClaim wish{.owner = owner, .scoped_key = scoped, .body = "body"};
    wish.ends_purchase = true;
    return key(SeatCommand::Kind::kClaimKey, wish, gateway).key;
  }
  void finish(KeyClaim claimed, const std::string& answer, std::size_t gateway = 0) {
    claimed.status = 200;
    claimed.answer = answer;
    key(SeatCommand::Kind::kFinishKey, claimed, gateway);
  }

  EventSnapshot snapshot() {
    std::promise<core::Result<std::vector<EventSnapshot>>> told;
    under_test().line().snapshot([&](core::Result<std::vector<EventSnapshot>> all) { told.set_value(std::move(all)); });
    const auto all = told.get_future().get();
    EXPECT_TRUE(all.has_value() && all->size() == 1);
    return all.has_value() && !all->empty() ? all->front() : EventSnapshot{};
  }
  // free, held, sold, as the line sees them.
  std::array<std::uint64_t, 3> counts() {
    const StoreCommand::Inventory seen = snapshot().inventory;
    return {seen.free, seen.held, seen.sold};
  }

  SeatsSetup setup;

 private:
  std::unique_ptr<SeatsUnderTest> under_test_;
  std::unique_ptr<StoreSession> line_;
  std::array<std::unique_ptr<SeatSession>, 2> sessions_;
};

}  // namespace tacos::gateway
