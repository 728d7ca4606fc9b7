#include "support/redis_cluster_of_six.h"

#include <chrono>
#include <sstream>
#include <thread>

#include <fmt/format.h>

namespace tacos::support {
namespace {

constexpr unsigned kSlots = 16384;
constexpr auto kPatience = std::chrono::seconds(30);

// Servers are processes of their own: all that a test can do is to look again.
template <class Holds>
bool eventually(Holds holds) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace

RedisClusterOfSix::RedisClusterOfSix() {
  for (std::size_t index = 0; index < kNodes; ++index) {
    RedisServerOptions options;
    options.port = free_port();
    options.cluster_port = cluster_ports_[index] = free_port();
    options.settings = {
        "--cluster-node-timeout", "500", "--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0"};
    nodes_[index] = std::make_unique<RedisServer>(options);
    if (!node(index).fault().empty()) {
      fault_ = node(index).fault();
      return;
    }
    ids_[index] = node(index).ask({"CLUSTER", "MYID"}).substr(1);
  }
  if (!put_together()) fault_ = "the six did not find together within 30 s";
}

bool RedisClusterOfSix::put_together() {
  for (std::size_t index = 0; index < kNodes; ++index) {
    node(index).ask({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(index + 1)});
    node(index).ask(
        {"CLUSTER", "MEET", "127.0.0.1", std::to_string(node(0).port()), std::to_string(cluster_ports_[0])});
  }
  for (std::size_t primary = 0; primary < kPrimaries; ++primary) {
    const std::size_t first = kSlots * primary / kPrimaries;
    const std::size_t last = kSlots * (primary + 1) / kPrimaries - 1;
    node(primary).ask({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
  }
  for (std::size_t replica = kPrimaries; replica < kNodes; ++replica) {
    // Refused until the two have heard of each other.
    const auto follows = [&] {
      return node(replica).ask({"CLUSTER", "REPLICATE", ids_[replica - kPrimaries]}) == "+OK";
    };
    if (!eventually(follows)) return false;
  }
  return eventually([this] { return wait_until_up(); });
}

bool RedisClusterOfSix::wait_until_up() {
  for (const auto& each : nodes_) {
    const std::string info = each->ask({"CLUSTER", "INFO"});
    if (info.find("cluster_state:ok") == std::string::npos) return false;
    if (info.find("cluster_known_nodes:6") == std::string::npos) return false;
    std::size_t replicas = 0;
    std::istringstream lines(each->ask({"CLUSTER", "NODES"}));
    for (std::string line; std::getline(lines, line);) replicas += line.find("slave ") != std::string::npos ? 1U : 0U;
    if (replicas != kNodes - kPrimaries) return false;
  }
  for (std::size_t replica = kPrimaries; replica < kNodes; ++replica) {
    if (node(replica).ask({"INFO", "replication"}).find("master_link_status:up") == std::string::npos) return false;
  }
  return true;
}

std::string RedisClusterOfSix::address(std::size_t index) const {
  return fmt::format("127.0.0.1:{}", nodes_[index]->port());
}

std::string RedisClusterOfSix::url() const {
  return fmt::format("redis+cluster://{},{}", address(0), address(kPrimaries + 1));
}

std::size_t RedisClusterOfSix::primary_of(std::uint16_t slot, std::size_t as_seen_by) {
  // "<id> <address> <flags> <primary> <ping> <pong> <epoch> <link> <slot>[-<slot>] …" (CLUSTER NODES)
  std::istringstream lines(node(as_seen_by).ask({"CLUSTER", "NODES"}).substr(1));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id, word;
    words >> id;
    for (int skipped = 0; skipped < 7; ++skipped) words >> word;
    while (words >> word) {
      unsigned first = 0, last = 0;
      const int found = std::sscanf(word.c_str(), "%u-%u", &first, &last);
      if (found < 1 || slot < first || slot > (found == 2 ? last : first)) continue;
      for (std::size_t index = 0; index < kNodes; ++index) {
        if (ids_[index] == id) return index;
      }
    }
  }
  return kNodes;
}

void RedisClusterOfSix::begin_move(std::uint16_t slot, std::size_t from, std::size_t to) {
  node(to).ask({"CLUSTER", "SETSLOT", std::to_string(slot), "IMPORTING", ids_[from]});
  node(from).ask({"CLUSTER", "SETSLOT", std::to_string(slot), "MIGRATING", ids_[to]});
}

void RedisClusterOfSix::move_key(const std::string& key, std::size_t from, std::size_t to) {
  node(from).ask({"MIGRATE", "127.0.0.1", std::to_string(node(to).port()), key, "0", "2000"});
}

void RedisClusterOfSix::finish_move(std::uint16_t slot, std::size_t to) {
  // The one that takes it first (Redis Cluster specification, "Live resharding").
  for (const std::size_t index : {to, std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    node(index).ask({"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", ids_[to]});
  }
}

}  // namespace tacos::support
