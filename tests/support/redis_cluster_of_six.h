#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "support/redis_server.h"

namespace tacos::support {

// Three primaries, 0 to 2, with a third of the slots each, and their replicas, 3 to 5: real servers of the test's own,
// that take a node for lost after half a second. Ended with the object.
class RedisClusterOfSix {
 public:
  static constexpr std::size_t kPrimaries = 3;
  static constexpr std::size_t kNodes = 6;

  RedisClusterOfSix();

  // Empty when all six agree that the cluster is up; else why not.
  const std::string& fault() const { return fault_; }

  RedisServer& node(std::size_t index) { return *nodes_[index]; }
  // "redis+cluster://…" with two of the nodes.
  std::string url() const;

  // Which node serves a slot, as the given node sees it; kNodes when nobody does.
  std::size_t primary_of(std::uint16_t slot, std::size_t as_seen_by);
  const std::string& id(std::size_t index) const { return ids_[index]; }
  std::string address(std::size_t index) const;

  // Leaves a slot's keys where they are, but makes ASK the answer for those that have gone: the first half of
  // resharding. finish_move() tells all primaries, once the keys have been moved.
  void begin_move(std::uint16_t slot, std::size_t from, std::size_t to);
  void move_key(const std::string& key, std::size_t from, std::size_t to);
  void finish_move(std::uint16_t slot, std::size_t to);

 private:
  bool put_together();
  bool wait_until_up();

  std::array<std::unique_ptr<RedisServer>, kNodes> nodes_;
  std::array<std::uint16_t, kNodes> cluster_ports_{};
  std::array<std::string, kNodes> ids_;
  std::string fault_;
};

}  // namespace tacos::support
