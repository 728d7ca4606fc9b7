// The contract's five invariants, held against random histories: several threads of users who join, poll, enter,
// reserve, pay or not, leave, stop asking, and repeat themselves, while another thread moves time on and ticks.
#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "tacos-gateway/backend/seat_inventory.h"
#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

using core::Instant;
using core::Nanos;
using core::Rate;
using std::chrono::milliseconds;

struct Transition {
  TicketNumber number;
  TicketStatus from;
  TicketStatus to;
  Instant at;
};

// What one thread of users saw, each user being played by one thread only.
struct Seen {
  std::vector<std::string> faults;
  std::map<TicketNumber, int> grants_spent;
  std::map<TicketNumber, std::int64_t> grant_expiry;
};

struct World {
  explicit World(std::uint64_t seed) : random(seed) {
    line.seats = 20 + random.below(600);
    line.admission_rate = Rate::per_second(20 + static_cast<double>(random.below(2000)));
    line.admission_burst = static_cast<double>(1 + random.below(30));
    line.turn_ttl = milliseconds(50 + random.below(300));
    line.grant_ttl = milliseconds(50 + random.below(300));
    line.heartbeat_ttl = milliseconds(200 + random.below(600));
    EmbeddedStoreOptions options;
    options.line = line;
    // Under the event's lock, so the history is in the order in which things happened.
    options.observer = [this](const std::string&, TicketNumber number, TicketStatus from, TicketStatus to, Instant at) {
      history.push_back({number, from, to, at});
    };
    store = std::make_unique<EmbeddedStore>(std::move(options), clock);
    seats =
        std::make_unique<SeatInventory>(SeatInventoryOptions{line.seats, milliseconds(100 + random.below(500))}, clock);
  }

  core::Random random;
  LineOptions line;
  core::ManualClock clock;
  std::unique_ptr<EmbeddedStore> store;
  std::unique_ptr<SeatInventory> seats;
  std::vector<Transition> history;
  std::atomic<bool> over{false};
};

class Crowd {
 public:
  Crowd(World& world, std::uint64_t first_user, std::uint64_t seed)
      : world_(world), session_(world.store->open_session({})), random_(seed), first_user_(first_user) {}

  void play(int actions) {
    for (int i = 0; i < actions; ++i) {
      world_.clock.advance(std::chrono::microseconds(60));
      if (i % 50 == 0) world_.store->tick();  // so that time-driven work keeps up however the threads are scheduled
      act(users_[random_.below(kUsers)], random_.below(kUsers));
    }
  }

  Seen seen;

 private:
  static constexpr std::size_t kUsers = 60;
  struct User {
    bool joined = false;
    bool entered = false;
    TicketRef ref;
    std::uint64_t position = 0;
    TicketStatus status = TicketStatus::kWaiting;
    std::string reservation;
  };

  StoreCommand run(StoreCommand command) {
    command.done = [](StoreCommand&) {};
    StoreCommand* batch[] = {&command};
    session_->submit(batch);
    return command;
  }
  StoreCommand ask(StoreCommand::Kind kind, const User& user) {
    StoreCommand command;
    command.kind = kind;
    command.ref = user.ref;
    return run(command);
  }
  void report(const User& user, const StoreCommand::Inventory& inventory) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kReportInventory;
    command.ref = user.ref;
    command.inventory = inventory;
    run(command);
    if (inventory.free + inventory.held + inventory.sold != world_.line.seats)
      seen.faults.emplace_back("seats don't add up");
  }

  void observe(User& user, const TicketView& view) {
    if (view.status == TicketStatus::kWaiting) {
      if (user.position != 0 && view.position > user.position) seen.faults.emplace_back("a position rose");
      if (user.status == TicketStatus::kReady) seen.faults.emplace_back("a ready ticket waits again");
      user.position = view.position;
    }
    user.status = view.status;
  }

  void act(User& user, std::uint64_t index) {
    if (!user.joined || random_.below(30) == 0) {
      join(user, first_user_ + static_cast<std::uint64_t>(&user - users_.data()));
      return;
    }
    const auto what = random_.below(60);
    switch (what == 0 ? 0 : 1 + what / 6) {
      case 0:
        observe(user, ask(StoreCommand::Kind::kLeave, user).view);
        break;
      case 1:
      case 2:
        enter(user);
        break;
      case 3:
      case 4:
        reserve(user);
        break;
      case 5:
        settle(user);
        break;
      case 6:
      case 7:
        break;
      default:
        // Some users are seldom heard of, and lapse.
        if (index % 3 != 0) observe(user, ask(StoreCommand::Kind::kStatus, user).view);
        break;
    }
  }

  void join(User& user, std::uint64_t id) {
    StoreCommand command;
    command.kind = StoreCommand::Kind::kJoin;
    command.event_id = "audit";
    command.user = {id, id};
    const StoreCommand joined = run(command);
    if (joined.outcome != StoreOutcome::kOk) return;
    if (!user.joined || !(user.ref == joined.ref)) {
      const bool given_up = user.status == TicketStatus::kLeft || user.status == TicketStatus::kExpired;
      const bool still_held =
          user.joined && !given_up && ask(StoreCommand::Kind::kStatus, user).view.status == TicketStatus::kWaiting;
      if (still_held) seen.faults.emplace_back("a user in line got a second ticket");
      user = User{};
      user.ref = joined.ref;
      user.joined = true;
    }
    observe(user, joined.view);
  }

  void enter(User& user) {
    const StoreCommand entered = ask(StoreCommand::Kind::kEnter, user);
    observe(user, entered.view);
    if (entered.outcome != StoreOutcome::kOk) return;
    const auto [known, fresh] = seen.grant_expiry.emplace(user.ref.number, entered.grant_expires_unix_ms);
    if (!fresh && known->second != entered.grant_expires_unix_ms)
      seen.faults.emplace_back("a replay got another grant");
    user.entered = true;
  }

  void reserve(User& user) {
    if (ask(StoreCommand::Kind::kClaimGrant, user).outcome != StoreOutcome::kOk) return;
    const Reservation held = world_.seats->hold(user.ref, 1 + static_cast<std::uint32_t>(random_.below(2)), {});
    report(user, held.inventory);
    const bool made = held.outcome == SeatOutcome::kOk;
    ask(made ? StoreCommand::Kind::kSpendGrant : StoreCommand::Kind::kReleaseGrant, user);
    if (!made) return;
    user.reservation = held.reservation_id;
    ++seen.grants_spent[user.ref.number];
  }

  void settle(User& user) {
    if (user.reservation.empty()) return;
    const Reservation after =
        random_.below(4) == 0 ? world_.seats->cancel(user.ref, user.reservation) : pay_and_confirm(user);
    if (after.event != 0) report(user, after.inventory);
  }
  Reservation pay_and_confirm(User& user) {
    const Reservation found = world_.seats->find(user.ref);
    const auto made = world_.seats->make_intent(user.ref, user.reservation, found.amount, found.currency);
    world_.seats->pay(user.ref, made.intent.id, true);
    return world_.seats->confirm(user.ref, user.reservation, made.intent.id);
  }

  World& world_;
  std::unique_ptr<StoreSession> session_;
  core::Random random_;
  std::uint64_t first_user_;
  std::array<User, kUsers> users_;
};

void pass_time(World& world) {
  const auto session = world.store->open_session({});
  while (!world.over.load()) {
    world.clock.advance(std::chrono::microseconds(100));
    world.store->tick();
    for (const auto& change : world.seats->sweep()) {
      StoreCommand command;
      command.kind = StoreCommand::Kind::kReportInventory;
      command.ref.event = change.event;
      command.inventory = change.inventory;
      command.done = [](StoreCommand&) {};
      StoreCommand* batch[] = {&command};
      session->submit(batch);
    }
    std::this_thread::yield();
  }
}

// Invariant 2, for every window at once: admitted(t) − rate·t never climbs more than the burst above its own least
// value.
void check_admission_bound(const World& world) {
  const double rate = world.line.admission_rate.per_second();
  double admitted = 0;
  double least = 1e300;
  for (const auto& change : world.history) {
    if (change.to != TicketStatus::kReady) continue;
    const double drift = rate * core::to_seconds(change.at.since_origin());
    least = std::min(least, admitted - drift);
    ++admitted;
    ASSERT_LE(admitted - drift - least, world.line.admission_burst + 1e-6);
  }
}

// Invariants 1, 3 and 4 from the history alone.
void check_history(const World& world, const EventSnapshot& counts) {
  std::map<TicketStatus, std::int64_t> tally;
  std::map<TicketNumber, int> entered;
  TicketNumber last_admitted = 0;
  TicketNumber last_joined = 0;
  for (const auto& change : world.history) {
    if (change.from == TicketStatus::kWaiting && change.to == TicketStatus::kWaiting) {
      ASSERT_EQ(change.number, ++last_joined) << "tickets count up by one";
      ++tally[TicketStatus::kWaiting];
      continue;
    }
    --tally[change.from];
    ++tally[change.to];
    if (change.to == TicketStatus::kReady) {
      ASSERT_GT(change.number, last_admitted) << "admitted out of ticket order";
      last_admitted = change.number;
    }
    if (change.to == TicketStatus::kEntered) {
      ASSERT_EQ(++entered[change.number], 1) << "entered twice";
    }
  }
  ASSERT_EQ(counts.joined, last_joined);
  ASSERT_EQ(counts.joined,
            counts.waiting + counts.ready + counts.entered + counts.left + counts.expired + counts.sold_out);
  ASSERT_EQ(static_cast<std::int64_t>(counts.entered), tally[TicketStatus::kEntered]);
  ASSERT_EQ(static_cast<std::int64_t>(counts.expired), tally[TicketStatus::kExpired]);
  ASSERT_EQ(static_cast<std::int64_t>(counts.left), tally[TicketStatus::kLeft]);
}

class Audit : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Audit, TheFiveInvariantsHold) {
  World world(GetParam());
  constexpr std::size_t kThreads = 3;
  std::vector<std::unique_ptr<Crowd>> crowds;
  for (std::size_t i = 0; i < kThreads; ++i)
    crowds.push_back(std::make_unique<Crowd>(world, i * 1000, GetParam() * 31 + i));
  std::thread time([&] { pass_time(world); });
  std::vector<std::thread> threads;
  for (auto& crowd : crowds) threads.emplace_back([&] { crowd->play(20'000); });
  for (auto& thread : threads) thread.join();
  world.over = true;
  time.join();

  EventSnapshot counts;
  world.store->snapshot([&](core::Result<std::vector<EventSnapshot>> all) { counts = all->at(0); });
  check_history(world, counts);
  check_admission_bound(world);
  for (const auto& crowd : crowds) {
    for (const auto& fault : crowd->seen.faults) ADD_FAILURE() << fault;
    for (const auto& [number, spent] : crowd->seen.grants_spent) EXPECT_EQ(spent, 1) << "ticket " << number;
  }
  // A history in which little happened would prove little.
  EXPECT_GT(counts.admitted, 10u);
  EXPECT_GT(counts.left + counts.expired, 10u);
  EXPECT_GT(counts.entered, 0u);
  EXPECT_GT(world.history.size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Audit, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace tacos::gateway
