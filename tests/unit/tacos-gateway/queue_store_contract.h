#pragma once

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/clock.h"
#include "tacos-gateway/store/event_line.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// A store under test, with a clock that the test moves. Every QueueStore passes the suite built on it.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual QueueStore& store() = 0;
  // Moves the store's clock on in small steps, ticking after each.
  virtual void pass(core::Nanos time) = 0;
  // Moves the clock on in one step, and nothing else.
  virtual void leap(core::Nanos time) = 0;
  // The store's calendar.
  virtual std::int64_t unix_ms_now() = 0;
  // Where sessions complete their commands, and what runs that until a condition holds. A store that completes inside
  // its calls needs neither.
  virtual boost::asio::any_io_executor executor() { return {}; }
  virtual void run_until(const std::function<bool()>& /*condition*/) {}
};
using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>(const LineOptions&)>;

// The suite's fixture: one session, and each command as a call.
class QueueStoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  QueueStore& store() {
    if (!under_test_) under_test_ = GetParam()(options);
    return under_test_->store();
  }
  void pass(core::Nanos time) {
    store();
    under_test_->pass(time);
  }

  StoreCommand run(StoreCommand command) {
    QueueStore& asked = store();
    if (!session_) session_ = asked.open_session(under_test_->executor());
    bool done = false;
    command.owner = &done;
    command.done = [](StoreCommand& c) { *static_cast<bool*>(c.owner) = true; };
    StoreCommand* batch[] = {&command};
    session_->submit(batch);
    under_test_->run_until([&] { return done; });
    EXPECT_TRUE(done);
    return command;
  }

  static constexpr std::uint64_t kNoProof = 0;
  static UserKey key_of(std::uint64_t user) { return {user, user * 7919}; }
  // With what proves that it is the same user who joins again.
  StoreCommand join(std::uint64_t user, const std::string& event = "e1") {
    return join_with(user, user * 31 + 1, event);
  }
  StoreCommand join_with(std::uint64_t user, std::uint64_t proof, const std::string& event = "e1") {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kJoin;
    command.event_id = event;
    command.user = key_of(user);
    command.proof = proof;
    return run(command);
  }
  StoreCommand ask(StoreCommand::Kind kind, const TicketRef& ref) {
    StoreCommand command;
    command.kind = kind;
    command.ref = ref;
    return run(command);
  }
  StoreCommand status(const TicketRef& ref) { return ask(StoreCommand::Kind::kStatus, ref); }
  StoreCommand enter(const TicketRef& ref) { return ask(StoreCommand::Kind::kEnter, ref); }
  StoreCommand leave(const TicketRef& ref) { return ask(StoreCommand::Kind::kLeave, ref); }
  StoreCommand claim(const TicketRef& ref) { return ask(StoreCommand::Kind::kClaimGrant, ref); }
  StoreCommand spend(const TicketRef& ref) { return ask(StoreCommand::Kind::kSpendGrant, ref); }
  StoreCommand release(const TicketRef& ref) { return ask(StoreCommand::Kind::kReleaseGrant, ref); }
  void report(const TicketRef& ref, std::uint64_t free, std::uint64_t held, std::uint64_t sold) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kReportInventory;
    command.ref = ref;
    command.inventory = {free, held, sold, ++inventory_version_};
    run(command);
  }

  std::size_t control(const EventControl& change) {
    std::promise<core::Result<std::size_t>> told;
    store().control(change, [&](core::Result<std::size_t> result) { told.set_value(std::move(result)); });
    const auto result = told.get_future().get();
    EXPECT_TRUE(result.has_value());
    return result.has_value() ? *result : 0;
  }
  Declared declare(const EventTerms& terms, Redeclare how = Redeclare::kReplace) {
    std::promise<core::Result<Declared>> told;
    store().declare(terms, how, [&](core::Result<Declared> result) { told.set_value(result); });
    const auto result = told.get_future().get();
    EXPECT_TRUE(result.has_value());
    return result.has_value() ? *result : Declared::kFull;
  }
  Withdrawn withdraw(const std::string& event, bool by_force = false) {
    std::promise<core::Result<Withdrawn>> told;
    store().withdraw(event, by_force, [&](core::Result<Withdrawn> result) { told.set_value(result); });
    const auto result = told.get_future().get();
    EXPECT_TRUE(result.has_value());
    return result.has_value() ? *result : Withdrawn::kNotFound;
  }
  // The terms of the suite's options, under a name.
  EventTerms terms_of(const std::string& event) const {
    EventTerms terms;
    terms.event_id = event;
    terms.seats = options.seats;
    terms.admission_rate = options.admission_rate;
    terms.admission_burst = options.admission_burst;
    return terms;
  }
  void leap(core::Nanos time) {
    store();
    under_test_->leap(time);
  }
  std::int64_t unix_ms_now() {
    store();
    return under_test_->unix_ms_now();
  }
  bool knows(const std::string& event = "e1") {
    std::promise<core::Result<std::vector<EventSnapshot>>> told;
    store().snapshot([&](core::Result<std::vector<EventSnapshot>> all) { told.set_value(std::move(all)); });
    const auto all = told.get_future().get();
    return all.has_value() &&
           std::any_of(all->begin(), all->end(), [&](const EventSnapshot& one) { return one.event_id == event; });
  }
  EventSnapshot snapshot(const std::string& event = "e1") {
    std::promise<core::Result<std::vector<EventSnapshot>>> told;
    store().snapshot([&](core::Result<std::vector<EventSnapshot>> all) { told.set_value(std::move(all)); });
    const auto all = told.get_future().get();
    EventSnapshot found;
    EXPECT_TRUE(all.has_value());
    if (all.has_error()) return found;
    for (const auto& one : *all) {
      if (one.event_id == event) found = one;
    }
    EXPECT_EQ(found.joined, found.waiting + found.ready + found.entered + found.left + found.expired + found.sold_out);
    return found;
  }

  LineOptions options;

 private:
  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<StoreSession> session_;
  std::uint64_t inventory_version_ = 0;
};

// The part of the suite that is about who may do what: names, events.
class QueueStoreEvents : public QueueStoreContract {};

// The part of the suite that is about events that are over, with times of minutes.
class QueueStoreForgetting : public QueueStoreContract {
 protected:
  QueueStoreForgetting() {
    options.forget_after = std::chrono::minutes(2);
    options.heartbeat_ttl = std::chrono::seconds(10);
    options.turn_ttl = options.grant_ttl = std::chrono::seconds(5);
    options.seats = 2;
  }
  // Enters, and has what that is for: held seats, a spent grant.
  void buy(const TicketRef& ref, std::uint64_t free, std::uint64_t held, std::uint64_t sold) {
    EXPECT_EQ(enter(ref).outcome, StoreOutcome::kOk);
    EXPECT_EQ(claim(ref).outcome, StoreOutcome::kOk);
    report(ref, free, held, sold);
    EXPECT_EQ(spend(ref).outcome, StoreOutcome::kOk);
  }
};

}  // namespace tacos::gateway
