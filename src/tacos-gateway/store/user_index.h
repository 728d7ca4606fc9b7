#pragma once

#include <array>
#include <cstdint>

#include <boost/unordered/unordered_flat_map.hpp>

#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Which ticket a user holds. Split into shards by the key, so that growing moves a sixty-fourth of the entries at a
// time: a table of 300,000 would hold up every poll for the ten milliseconds that one rehash takes.
class UserIndex {
 public:
  // 0 when the user has none.
  TicketNumber find(const UserKey& user) const {
    const auto& shard = shard_of(user);
    const auto found = shard.find(user);
    return found == shard.end() ? 0 : found->second;
  }
  void set(const UserKey& user, TicketNumber number) { shard_of(user)[user] = number; }

 private:
  struct Hash {
    using is_avalanching = void;  // the key is a hash already
    std::size_t operator()(const UserKey& key) const { return key.low; }
  };
  using Shard = boost::unordered_flat_map<UserKey, TicketNumber, Hash>;
  static constexpr std::size_t kShards = 64;

  const Shard& shard_of(const UserKey& user) const { return shards_[user.high % kShards]; }
  Shard& shard_of(const UserKey& user) { return shards_[user.high % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace tacos::gateway
