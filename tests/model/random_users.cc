// Every answer leads on: thousands of users, each doing exactly what the gateway's answers say but for what people do
// at random (let things lapse, repeat, cancel, leave, lose answers), against a built gateway.
//
//   random_users --store embedded|redis [--seed N] [--users N] [--gateway FILE]
//
// The redis-server for --store redis is the program's own. Prints tables and exits 1 when something that must be true
// is not; a seed gives every user the same choices, though not the same answers.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "model/gateway_process.h"
#include "model/http_pool.h"
#include "model/ledger.h"
#include "model/random_user.h"
#include "support/redis_server.h"

namespace {

using namespace tacos;
using namespace tacos::model;
using Json = nlohmann::json;
namespace asio = boost::asio;

// Three of four users want a seat of the first, which is sold out; the second has seats for all.
struct Event {
  const char* id;
  std::uint64_t seats;
};
constexpr Event kHall{"hall", 3000};
constexpr Event kField{"field", 60'000};
constexpr std::size_t kConnections = 400;

struct Arguments {
  std::string store = "embedded";
  std::string gateway = TACOS_BIN_DIR "/tacos-gateway";
  std::uint64_t seed = std::random_device{}();
  std::uint64_t users = 10'000;
};

std::optional<Arguments> read(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const char* const value = argv[++i];
    if (name == "--store") {
      arguments.store = value;
    } else if (name == "--gateway") {
      arguments.gateway = value;
    } else if (name == "--seed") {
      arguments.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--users") {
      arguments.users = std::strtoull(value, nullptr, 10);
    } else {
      return std::nullopt;
    }
  }
  const bool known = arguments.store == "embedded" || arguments.store == "redis";
  return known && arguments.users > 0 ? std::optional(arguments) : std::nullopt;
}

std::vector<std::string> gateway_options(const Times& times, const std::string& store) {
  const auto time = [](milliseconds value) { return fmt::format("{}ms", value.count()); };
  return {"--store",           store,
          "--events",          "declared",
          "--threads",         "2",
          "--turn-ttl",        time(times.turn_ttl),
          "--grant-ttl",       time(times.grant_ttl),
          "--hold-ttl",        time(times.hold_ttl),
          "--heartbeat-ttl",   time(times.heartbeat_ttl),
          "--max-connections", "2000"};
}

asio::awaitable<void> declare(World& world, Event event) {
  const HttpCall call{"PUT", fmt::format("/admin/events/{}", event.id),
                      Json{{"seats", event.seats},
                           {"admission_rate", 1000},
                           {"admission_burst", 200},
                           {"price", 150},
                           {"currency", "EUR"}}
                          .dump(),
                      GatewayProcess::kAdminToken, ""};
  const HttpAnswer answer = co_await world.pool.send(call);
  if (answer.status != 201) world.ledger.fault("an event can't be declared", answer.text);
}

bool is_settled(const Json& event) {
  return event["waiting"] == 0 && event["ready"] == 0 && event["seats"]["held"] == 0;
}

// What the operator is told once the last hold, turn and ticket has lapsed, against what the users were.
asio::awaitable<void> audit(World& world, Event event) {
  const HttpCall call{"GET", fmt::format("/admin/events/{}", event.id), "", GatewayProcess::kAdminToken, ""};
  HttpAnswer answer = co_await world.pool.send(call);
  const Time limit = std::chrono::steady_clock::now() + world.times.heartbeat_ttl + std::chrono::seconds(6);
  while ((answer.status != 200 || !is_settled(answer.body)) && std::chrono::steady_clock::now() < limit) {
    asio::steady_timer timer(world.io, milliseconds(100));
    co_await timer.async_wait(asio::use_awaitable);
    answer = co_await world.pool.send(call);
  }
  fmt::print("the operator is told: {}\n", answer.text);
  if (answer.status != 200) {
    world.ledger.fault("the operator gets no answer", answer.text);
    co_return;
  }
  const Json& told = answer.body;
  const auto number = [&told](const char* name) { return told[name].get<std::uint64_t>(); };
  const auto seats = [&told](const char* name) { return told["seats"][name].get<std::uint64_t>(); };
  if (!is_settled(told)) world.ledger.fault("users wait, or seats are held, after all is over", answer.text);
  if (number("joined") != number("waiting") + number("ready") + number("entered") + number("left") + number("expired") +
                              number("sold_out")) {
    world.ledger.fault("the tickets do not add up", answer.text);
  }
  if (seats("free") + seats("held") + seats("sold") != event.seats) {
    world.ledger.fault("the seats do not add up", answer.text);
  }
  const std::uint64_t sold = world.ledger.seats_sold(event.id);
  if (seats("sold") != sold) {
    world.ledger.fault("other seats are sold than users have bought", fmt::format("{}, users: {}", answer.text, sold));
  }
}

void run(World& world, const Arguments& arguments) {
  const auto spawn = [&world](asio::awaitable<void> work) {
    asio::co_spawn(world.io, std::move(work), [](std::exception_ptr thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
  };
  spawn(declare(world, kHall));
  spawn(declare(world, kField));
  world.io.run();
  world.io.restart();
  world.began = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<RandomUser>> users;
  for (std::uint64_t i = 0; i < arguments.users; ++i) {
    users.push_back(std::make_unique<RandomUser>(world, i, i % 4 == 3 ? kField.id : kHall.id));
    spawn(users.back()->live());
  }
  world.io.run();
  world.io.restart();
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - world.began).count();
  fmt::print("{} users, {} calls in {:.1f} s, {} connections lost\n", arguments.users, world.pool.calls(), took,
             world.pool.lost());
  spawn(audit(world, kHall));
  spawn(audit(world, kField));
  world.io.run();
}

// What the crowd as a whole must have come to.
void check_crowd(Ledger& ledger, const Arguments& arguments) {
  if (ledger.users() != arguments.users) ledger.fault("users were lost on the way", std::to_string(ledger.users()));
  for (const Event event : {kHall, kField}) {
    if (ledger.in_state(event.id, Final::kNone) > 0) ledger.fault("users without a final state", event.id);
    if (ledger.seats_sold(event.id) > event.seats) ledger.fault("more seats are sold than there are", event.id);
  }
  if (ledger.in_state(kField.id, Final::kSoldOut) > 0) ledger.fault("sold out, with seats for all", kField.id);
  const bool sold_out = ledger.in_state(kHall.id, Final::kSoldOut) > 0;
  if (sold_out && ledger.seats_sold(kHall.id) < kHall.seats) ledger.fault("sold out before it was", kHall.id);
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = read(argc, argv);
  if (!arguments) {
    fmt::print(stderr, "usage: random_users --store embedded|redis [--seed N] [--users N] [--gateway FILE]\n");
    return 2;
  }
  std::unique_ptr<support::RedisServer> redis;
  std::string store = arguments->store;
  if (store == "redis") {
    redis = std::make_unique<support::RedisServer>();
    if (!redis->fault().empty()) {
      fmt::print(stderr, "random_users: {}\n", redis->fault());
      return 3;
    }
    store = "unix://" + redis->socket_path();
  }
  asio::io_context io(1);
  Ledger ledger;
  Times times;
  if (redis) {
    times.stale = times.turn_ttl / 2;
    times.surely_heard = times.heartbeat_ttl / 2;
  }
  GatewayProcess gateway(arguments->gateway, gateway_options(times, store));
  if (!gateway.fault().empty()) {
    fmt::print(stderr, "random_users: {}\n", gateway.fault());
    return 3;
  }
  fmt::print("store {}, seed {}\n", arguments->store, arguments->seed);
  HttpPool pool(io, gateway.port(), kConnections);
  World world{io, pool, ledger, times, arguments->seed};
  run(world, *arguments);
  check_crowd(ledger, *arguments);
  if (const int code = gateway.stop(); code != 0) ledger.fault(fmt::format("the gateway ended with {}", code), "");
  ledger.print();
  fmt::print("{}: {} faults; seed {}\n", ledger.faults() == 0 ? "passed" : "FAILED", ledger.faults(), arguments->seed);
  return ledger.faults() == 0 ? 0 : 1;
}
