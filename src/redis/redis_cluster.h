#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "redis/redis_connection.h"
#include "redis/redis_link.h"
#include "redis/redis_slots.h"

namespace tacos::redis {

// A link to a Redis Cluster: one connection to each primary, and to a replica once a request may be answered by one.
//
// It asks any node for the map of slots when it begins, when a node says MOVED, when a connection is lost and now and
// then, never more often than refresh_interval. A request for which there is no server just then, or whose server asks
// for patience (TRYAGAIN, CLUSTERDOWN, LOADING), is put off, for longer each time, until its own time is up.
class RedisCluster final : public RedisLink {
 public:
  RedisCluster(boost::asio::any_io_executor executor, const RedisUrl& url, std::shared_ptr<RedisTls> tls,
               RedisLinkOptions options, const core::Clock& clock);
  ~RedisCluster();

  void submit(RedisRequest& request) override;
  bool ready() const override;
  std::string fault() const override { return fault_; }
  void close() override;
  const RedisCounters& counters() const override { return counters_; }

 private:
  // A connection to a node, for its own slots or, as a replica, for reading another's.
  class Door final : public RedisRequestSink {
   public:
    Door(RedisCluster& cluster, const RedisAddress& address, bool read_only);
    void on_completed(RedisRequest& request, const RedisReply* reply, RedisFailure failure) override;
    void on_connection_lost() override;

    RedisConnection& connection() { return *connection_; }
    const RedisConnection& connection() const { return *connection_; }
    bool read_only() const { return read_only_; }

   private:
    RedisCluster& cluster_;
    const bool read_only_;
    std::shared_ptr<RedisConnection> connection_;
  };
  struct Node {
    RedisAddress address;
    std::unique_ptr<Door> front;    // as a primary
    std::unique_ptr<Door> reading;  // as a replica
    bool wanted = false;            // the map names it
  };
  struct Shard {
    Node* primary = nullptr;
    std::vector<Node*> replicas;
    std::size_t next_replica = 0;
  };
  static constexpr std::uint16_t kNoShard = 0xffff;

  void route(RedisRequest& request);
  Door* door_for(RedisRequest& request);
  Door* reading_door(Shard& shard, bool primary_is_there);
  void on_completed(Door& door, RedisRequest& request, const RedisReply* reply, RedisFailure failure);
  bool follow(Door& door, RedisRequest& request, const RedisReply& error);
  bool redirect(Door& door, RedisRequest& request, const RedisReply& error, bool moved);
  void put_off(RedisRequest& request);
  void release(RedisRequestLine line);
  void on_connection_lost(const RedisConnection& connection);

  Node& node_at(const RedisAddress& address);
  Door& front_door(Node& node);
  void assign(std::uint16_t slot, Node& primary);
  void want_map();
  void ask_for_map();
  void on_map(Door& door, const RedisReply* reply);
  void take_map(const std::vector<SlotRange>& ranges);
  void retire_unwanted();

  void arm();
  void on_tick();
  void wake_by(core::Instant due);

  const boost::asio::any_io_executor executor_;
  const RedisUrl url_;
  const std::shared_ptr<RedisTls> tls_;
  const RedisLinkOptions options_;
  const core::Clock& clock_;
  RedisCounters counters_;

  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Node>> retired_;  // until their connections are closed
  std::vector<Shard> shards_;
  std::vector<std::uint16_t> shard_of_slot_;
  std::size_t slots_served_ = 0;
  std::size_t next_any_ = 0;
  std::uint64_t doors_opened_ = 0;

  RedisRequestLine put_off_;
  RedisRequest map_request_;
  bool map_asked_ = false;
  std::size_t next_to_ask_ = 0;
  core::Instant map_due_;
  core::Instant map_last_asked_;
  std::string fault_;
  bool closed_ = false;

  core::Instant wake_at_ = core::Instant::never();
  core::Instant armed_for_ = core::Instant::never();
  boost::asio::steady_timer timer_;
  std::shared_ptr<RedisCluster*> self_;  // null inside once this is gone, for handlers that come late
};

}  // namespace tacos::redis
