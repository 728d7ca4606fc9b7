// What it costs that a join is on a replica before it is answered: joins through the Redis store's own session, some in
// flight at a time, on a primary with one replica, both this program's own. One line per way of asking for it: none,
// --store-replicas 1, and min-replicas-to-write 1 of the server. Medians of rounds that take turns; "of off" is the
// median of joins/s divided by those of the same round without, which a machine that others use disturbs least.
//
//   wait_costs [in flight] [seconds a run] [rounds]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/clock.h"
#include "support/redis_server.h"
#include "tacos-gateway/redis_store/redis_store.h"

namespace {

using namespace tacos;
using gateway::RedisStore;
using gateway::StoreCommand;
using gateway::StoreOutcome;
using support::RedisServer;

constexpr std::size_t kMostInFlight = 10'000;
constexpr double kWarmUpSec = 0.5;

struct Way {
  const char* name;
  unsigned wait_replicas;
  const char* min_replicas_to_write;
};
constexpr std::array kWays = {Way{"off", 0, "0"}, Way{"--store-replicas 1", 1, "0"},
                              Way{"min-replicas-to-write 1", 0, "1"}};

struct Figures {
  std::vector<double> joins_per_sec, p50_ms, p99_ms, primary_us, replica_us, waits_per_join;
  std::size_t refused = 0;  // of all rounds
};

double cpu_us(RedisServer& server) {
  const std::string answer = server.ask({"INFO", "cpu"});
  double sum = 0;
  for (const char* name : {"used_cpu_user_main_thread:", "used_cpu_sys_main_thread:"}) {
    const std::size_t at = answer.find(name);
    if (at != std::string::npos) sum += std::atof(answer.c_str() + at + std::string(name).size());
  }
  return sum * 1e6;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Joins of new users, each sent as soon as the one before it in its place was answered.
class Crowd {
 public:
  Crowd(gateway::StoreSession& session, std::size_t in_flight) : session_(session), places_(in_flight) {
    for (Place& place : places_) {
      place.crowd = this;
      place.command.kind = StoreCommand::Kind::kJoin;
      place.command.event_id = "sale";
      place.command.owner = &place;
      place.command.done = [](StoreCommand& command) {
        auto& done = *static_cast<Place*>(command.owner);
        done.crowd->on_done(done);
      };
    }
  }

  // Runs for a while and forgets what came before.
  void run(boost::asio::io_context& loop, double seconds) {
    took_ms_.clear();
    failed_ = 0;
    stopping_ = false;
    for (Place& place : places_) ask(place);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    loop.restart();
    while (std::chrono::steady_clock::now() < end) loop.run_one_for(std::chrono::milliseconds(10));
    stopping_ = true;
    while (in_flight_ > 0) loop.run_one_for(std::chrono::milliseconds(10));
  }

  std::vector<double>& took_ms() { return took_ms_; }
  std::size_t failed() const { return failed_; }

 private:
  struct Place {
    StoreCommand command;
    Crowd* crowd = nullptr;
    std::chrono::steady_clock::time_point asked_at;
  };

  void ask(Place& place) {
    ++in_flight_;
    ++user_;
    place.command.user = {user_, user_ * 0x9e3779b97f4a7c15};
    place.asked_at = std::chrono::steady_clock::now();
    StoreCommand* batch[] = {&place.command};
    session_.submit(batch);
  }
  void on_done(Place& place) {
    --in_flight_;
    if (place.command.outcome != StoreOutcome::kOk) ++failed_;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - place.asked_at;
    took_ms_.push_back(took.count());
    if (!stopping_) ask(place);
  }

  gateway::StoreSession& session_;
  std::vector<Place> places_;
  std::vector<double> took_ms_;
  std::uint64_t user_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t failed_ = 0;
  bool stopping_ = false;
};

double metric(const RedisStore& store, const std::string& name) {
  for (const gateway::StoreMetric& one : store.metrics()) {
    if (one.name == name) return one.value;
  }
  return 0;
}

bool run_once(const Way& way, RedisServer& primary, RedisServer& replica, std::size_t in_flight, double seconds,
              Figures& figures) {
  primary.ask({"FLUSHALL"});
  primary.ask({"CONFIG", "SET", "min-replicas-to-write", way.min_replicas_to_write});
  if (!primary.has_replicas(1)) return false;
  const core::SteadyClock clock;
  gateway::RedisStoreOptions options;
  options.wait_replicas = way.wait_replicas;
  auto store =
      RedisStore::open(*redis::parse_redis_url("redis://127.0.0.1:" + std::to_string(primary.port())), options, clock);
  if (store.has_error()) return false;
  boost::asio::io_context loop(1);
  auto session = (*store)->open_session(loop.get_executor());
  Crowd crowd(*session, in_flight);
  crowd.run(loop, kWarmUpSec);
  const double waits_before = metric(**store, "store_waits_total");
  const double primary_before = cpu_us(primary);
  const double replica_before = cpu_us(replica);
  crowd.run(loop, seconds);
  if (!primary.has_replicas(1)) return false;
  figures.refused += crowd.failed();
  std::vector<double>& took = crowd.took_ms();
  const double joins = static_cast<double>(took.size());
  figures.primary_us.push_back((cpu_us(primary) - primary_before) / joins);
  figures.replica_us.push_back((cpu_us(replica) - replica_before) / joins);
  figures.waits_per_join.push_back((metric(**store, "store_waits_total") - waits_before) / joins);
  figures.joins_per_sec.push_back(joins / seconds);
  std::sort(took.begin(), took.end());
  figures.p50_ms.push_back(took[took.size() / 2]);
  figures.p99_ms.push_back(took[took.size() * 99 / 100]);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const double in_flight = argc > 1 ? std::atof(argv[1]) : 64;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  if (!(in_flight >= 1 && in_flight <= kMostInFlight) || !(seconds > 0 && seconds <= 60) || rounds < 1) {
    std::fprintf(stderr, "usage: wait_costs [in flight, 1 to 10000] [seconds a run, up to 60] [rounds]\n");
    return 2;
  }
  RedisServer primary({.port = support::free_port()});
  RedisServer replica({.replica_of = primary.port()});
  if (!primary.fault().empty() || !replica.fault().empty() || !primary.has_replicas(1)) {
    std::fprintf(stderr, "no primary with a replica: %s%s\n", primary.fault().c_str(), replica.fault().c_str());
    return 3;
  }
  std::array<Figures, kWays.size()> figures;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t at = 0; at < kWays.size(); ++at) {
      const std::size_t way = (at + static_cast<std::size_t>(round)) % kWays.size();
      if (!run_once(kWays[way], primary, replica, static_cast<std::size_t>(in_flight), seconds, figures[way])) return 3;
    }
  }
  std::printf("%.0f joins in flight, medians of %d rounds of %.1f s\n", in_flight, rounds, seconds);
  std::printf("%-24s %10s %8s %8s %8s %12s %12s %12s %8s\n", "", "joins/s", "of off", "p50 ms", "p99 ms", "primary us",
              "replica us", "WAITs/join", "refused");
  for (std::size_t way = 0; way < kWays.size(); ++way) {
    const Figures& f = figures[way];
    std::vector<double> of_off;
    for (std::size_t round = 0; round < f.joins_per_sec.size(); ++round) {
      of_off.push_back(f.joins_per_sec[round] / figures[0].joins_per_sec[round]);
    }
    std::printf("%-24s %10.0f %8.2f %8.2f %8.2f %12.1f %12.1f %12.3f %8zu\n", kWays[way].name, median(f.joins_per_sec),
                median(of_off), median(f.p50_ms), median(f.p99_ms), median(f.primary_us), median(f.replica_us),
                median(f.waits_per_join), f.refused);
  }
  return 0;
}
