#include "redis/redis_cluster.h"

#include <algorithm>
#include <utility>

#include "redis/redis_command.h"
#include "redis/redis_pending.h"

namespace tacos::redis {
namespace {

using core::Instant;
using core::Nanos;

constexpr Nanos kTimerStep = std::chrono::milliseconds(1);
// As many in a row go without a pause.
constexpr unsigned kPromptRedirections = 4;

}  // namespace

RedisCluster::Door::Door(RedisCluster& cluster, const RedisAddress& address, bool read_only)
    : cluster_(cluster), read_only_(read_only) {
  RedisConnectionOptions own;
  own.address = address;
  own.tls = cluster.tls_;
  own.user = cluster.url_.user;
  own.password = cluster.url_.password;
  own.read_only = read_only;
  own.keeps_waiting = false;
  own.seed = core::Random::at(cluster.options_.seed, cluster.doors_opened_++);
  connection_ = std::make_shared<RedisConnection>(cluster.executor_, std::move(own), cluster.options_, *this,
                                                  cluster.counters_, cluster.clock_);
  connection_->connect();
}

void RedisCluster::Door::on_completed(RedisRequest& request, const RedisReply* reply, RedisFailure failure) {
  cluster_.on_completed(*this, request, reply, failure);
}

void RedisCluster::Door::on_connection_lost() {
  cluster_.on_connection_lost(*connection_);
}

RedisCluster::RedisCluster(boost::asio::any_io_executor executor, const RedisUrl& url, std::shared_ptr<RedisTls> tls,
                           RedisLinkOptions options, const core::Clock& clock)
    : executor_(std::move(executor)),
      url_(url),
      tls_(std::move(tls)),
      options_(std::move(options)),
      clock_(clock),
      shard_of_slot_(kRedisSlots, kNoShard),
      timer_(executor_),
      self_(std::make_shared<RedisCluster*>(this)) {
  append_command(map_request_.command, "CLUSTER", "SLOTS");
  for (const RedisAddress& seed : url_.addresses) front_door(node_at(seed));
  want_map();
}

RedisCluster::~RedisCluster() {
  close();
  *self_ = nullptr;
}

bool RedisCluster::ready() const {
  if (closed_ || slots_served_ < kRedisSlots) return false;
  return std::all_of(shards_.begin(), shards_.end(), [](const Shard& shard) {
    return shard.primary->front != nullptr && shard.primary->front->connection().ready();
  });
}

void RedisCluster::submit(RedisRequest& request) {
  if (begin_request(request, options_, counters_, clock_)) route(request);
}

void RedisCluster::route(RedisRequest& request) {
  if (closed_) {
    end_request(request, nullptr, RedisFailure::kNotSent, counters_);
    return;
  }
  Door* const door = door_for(request);
  if (door != nullptr) {
    door->connection().submit(request);
  } else {
    put_off(request);
    want_map();
  }
}

RedisCluster::Door* RedisCluster::door_for(RedisRequest& request) {
  if (shards_.empty()) return nullptr;
  std::size_t index = 0;
  if (request.slot >= kRedisSlots) {
    index = next_any_++ % shards_.size();
  } else {
    index = shard_of_slot_[request.slot];
    if (index == kNoShard) return nullptr;
  }
  Shard& shard = shards_[index];
  if (request.stale_ok && !request.notes.must_be_primary) {
    if (Door* const door = reading_door(shard, front_door(*shard.primary).connection().ready())) return door;
  }
  return &front_door(*shard.primary);
}

// One that is connected, in turn. The first question opens the door and is answered by the primary; but where that is
// not there, it waits for the replica.
RedisCluster::Door* RedisCluster::reading_door(Shard& shard, bool primary_is_there) {
  Door* waits = nullptr;
  for (std::size_t tried = 0; tried < shard.replicas.size(); ++tried) {
    Node& node = *shard.replicas[shard.next_replica++ % shard.replicas.size()];
    if (!node.reading) node.reading = std::make_unique<Door>(*this, node.address, true);
    if (node.reading->connection().ready()) {
      counters_.replica_reads.add();
      return node.reading.get();
    }
    if (!primary_is_there) waits = node.reading.get();
  }
  if (waits != nullptr) counters_.replica_reads.add();
  return waits;
}

void RedisCluster::on_completed(Door& door, RedisRequest& request, const RedisReply* reply, RedisFailure failure) {
  if (&request == &map_request_) {
    on_map(door, reply);
    return;
  }
  request.notes.asking = false;
  if (failure == RedisFailure::kNone) {
    if (reply->is_error() && !closed_ && follow(door, request, *reply)) return;
  } else {
    const bool may_repeat =
        failure == RedisFailure::kNotSent || (request.idempotent && failure == RedisFailure::kUnknownOutcome);
    if (!closed_ && may_repeat && request.notes.deadline > clock_.now()) {
      if (failure == RedisFailure::kUnknownOutcome) request.notes.maybe_executed = true;
      request.notes.must_be_primary = request.notes.must_be_primary || door.read_only();
      put_off(request);
      want_map();
      return;
    }
  }
  end_request(request, reply, failure, counters_);
}

// Whether the request has gone elsewhere, or will, instead of being answered with this error.
bool RedisCluster::follow(Door& door, RedisRequest& request, const RedisReply& error) {
  if (error.is_error("MOVED")) return redirect(door, request, error, true);
  if (error.is_error("ASK")) return redirect(door, request, error, false);
  const bool loading = error.is_error("LOADING") || error.is_error("MASTERDOWN");
  if (!loading && !error.is_error("TRYAGAIN") && !error.is_error("CLUSTERDOWN")) return false;
  if (request.notes.deadline <= clock_.now() + options_.backoff_first) return false;
  if (loading && door.read_only()) {
    request.notes.must_be_primary = true;
    route(request);
    return true;
  }
  if (error.is_error("CLUSTERDOWN") || loading) want_map();
  put_off(request);
  return true;
}

bool RedisCluster::redirect(Door& door, RedisRequest& request, const RedisReply& error, bool moved) {
  if (request.notes.redirections >= options_.max_redirections) return false;
  const auto redirection = parse_redirection(error.text(), door.connection().address());
  if (!redirection) return false;
  ++request.notes.redirections;
  request.notes.must_be_primary = true;
  Node& node = node_at(redirection->to);
  node.wanted = true;
  if (moved) {
    counters_.redirects_moved.add();
    // What a replica says of its primary is right, but not news when the slot is there already.
    assign(redirection->slot, node);
    want_map();
    // Nodes that point at each other are in the middle of an election.
    if (request.notes.redirections > kPromptRedirections) {
      front_door(node);
      put_off(request);
      return true;
    }
  } else {
    counters_.redirects_ask.add();
    request.notes.asking = true;
  }
  front_door(node).connection().submit(request);
  return true;
}

void RedisCluster::put_off(RedisRequest& request) {
  counters_.put_off.add();
  Nanos pause = options_.backoff_first;
  for (unsigned done = 0; done < request.notes.puts_off && pause < options_.refresh_interval; ++done) pause *= 2;
  if (request.notes.puts_off < 0xff) ++request.notes.puts_off;
  // Without a map there is nothing to try: it comes back when there is one.
  const Instant now = clock_.now();
  request.notes.not_before = shards_.empty()
                                 ? request.notes.deadline
                                 : std::min(now + std::min(pause, options_.refresh_interval), request.notes.deadline);
  put_off_.push_back(request);
  wake_by(request.notes.not_before);
}

void RedisCluster::release(RedisRequestLine line) {
  while (RedisRequest* const request = line.pop_front()) route(*request);
}

void RedisCluster::on_connection_lost(const RedisConnection& connection) {
  fault_ = connection.fault();
  if (!closed_) want_map();
}

RedisCluster::Node& RedisCluster::node_at(const RedisAddress& address) {
  for (const auto& node : nodes_) {
    if (node->address == address) return *node;
  }
  nodes_.push_back(std::make_unique<Node>());
  nodes_.back()->address = address;
  return *nodes_.back();
}

RedisCluster::Door& RedisCluster::front_door(Node& node) {
  if (!node.front) node.front = std::make_unique<Door>(*this, node.address, false);
  return *node.front;
}

void RedisCluster::assign(std::uint16_t slot, Node& primary) {
  std::size_t index = 0;
  while (index < shards_.size() && shards_[index].primary != &primary) ++index;
  if (index == shards_.size()) shards_.push_back({&primary, {}, 0});
  if (shard_of_slot_[slot] == kNoShard) ++slots_served_;
  shard_of_slot_[slot] = static_cast<std::uint16_t>(index);
}

void RedisCluster::want_map() {
  const Instant now = clock_.now();
  const Instant soonest =
      map_last_asked_ == Instant() ? now : std::max(now, map_last_asked_ + options_.refresh_interval);
  map_due_ = map_due_ == Instant() ? soonest : std::min(map_due_, soonest);
  wake_by(map_due_);
}

// Asks one node after the other, those that are connected; the next one next time.
void RedisCluster::ask_for_map() {
  const Instant now = clock_.now();
  map_last_asked_ = now;
  map_due_ = now + options_.refresh_interval;  // in case no answer comes
  wake_by(map_due_);
  if (map_asked_) return;
  for (std::size_t tried = 0; tried < nodes_.size(); ++tried) {
    const Node& node = *nodes_[next_to_ask_++ % nodes_.size()];
    if (!node.front || !node.front->connection().ready()) continue;
    map_asked_ = true;
    map_request_.notes = {};
    map_request_.notes.deadline = now + options_.command_timeout;
    node.front->connection().submit(map_request_);
    return;
  }
  // Whoever is left may have moved: back to where it all began.
  for (const RedisAddress& seed : url_.addresses) front_door(node_at(seed));
}

void RedisCluster::on_map(Door& door, const RedisReply* reply) {
  map_asked_ = false;
  if (closed_ || reply == nullptr) return;
  const auto ranges = parse_cluster_slots(*reply, door.connection().address());
  if (ranges.has_error()) {
    fault_ = door.connection().address().to_string() + ": " + ranges.error().message;
    return;
  }
  counters_.refreshes.add();
  map_due_ = clock_.now() + options_.refresh_when_idle;
  wake_by(map_due_);
  take_map(*ranges);
}

void RedisCluster::take_map(const std::vector<SlotRange>& ranges) {
  for (const auto& node : nodes_) node->wanted = false;
  shards_.clear();
  std::fill(shard_of_slot_.begin(), shard_of_slot_.end(), kNoShard);
  slots_served_ = 0;
  for (const SlotRange& range : ranges) {
    Node& primary = node_at(range.primary);
    primary.wanted = true;
    front_door(primary);
    for (std::size_t slot = range.first; slot <= range.last; ++slot) {
      assign(static_cast<std::uint16_t>(slot), primary);
    }
    Shard& shard = shards_[shard_of_slot_[range.first]];
    if (!shard.replicas.empty()) continue;
    for (const RedisAddress& address : range.replicas) {
      Node& replica = node_at(address);
      replica.wanted = true;
      shard.replicas.push_back(&replica);
    }
  }
  retire_unwanted();
  release(put_off_.take_all());
}

void RedisCluster::retire_unwanted() {
  for (auto& node : nodes_) {
    if (!node->wanted) retired_.push_back(std::move(node));
  }
  std::erase(nodes_, nullptr);
  for (std::size_t at = 0; at < retired_.size(); ++at) {
    Node& node = *retired_[at];
    for (Door* const door : {node.front.get(), node.reading.get()}) {
      if (door != nullptr) door->connection().retire();
    }
  }
}

void RedisCluster::wake_by(Instant due) {
  wake_at_ = std::min(wake_at_, due);
  arm();
}

void RedisCluster::arm() {
  if (closed_ || wake_at_ >= armed_for_) return;
  armed_for_ = wake_at_;
  timer_.expires_after(std::max(wake_at_ - clock_.now(), kTimerStep));
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->on_tick();
  });
}

void RedisCluster::on_tick() {
  if (closed_) return;
  armed_for_ = Instant::never();
  wake_at_ = Instant::never();
  std::erase_if(retired_, [](const std::unique_ptr<Node>& node) {
    return (!node->front || node->front->connection().closed()) &&
           (!node->reading || node->reading->connection().closed());
  });
  const Instant now = clock_.now();
  if (map_due_ <= now) ask_for_map();
  RedisRequestLine late = put_off_.take_if([now](const RedisRequest& r) { return r.notes.deadline <= now; });
  RedisRequestLine due = put_off_.take_if([now](const RedisRequest& r) { return r.notes.not_before <= now; });
  for (const RedisRequest* r = put_off_.first(); r != nullptr; r = r->notes.next) wake_by(r->notes.not_before);
  counters_.timeouts.add(late.size());
  while (RedisRequest* const request = late.pop_front()) {
    end_request(*request, nullptr, RedisFailure::kNotSent, counters_);
  }
  release(due);
  wake_by(map_due_);
}

void RedisCluster::close() {
  if (closed_) return;
  closed_ = true;
  timer_.cancel();
  for (const auto* nodes : {&nodes_, &retired_}) {
    for (const auto& node : *nodes) {
      if (node->front) node->front->connection().close();
      if (node->reading) node->reading->connection().close();
    }
  }
  RedisRequestLine left = put_off_.take_all();
  while (RedisRequest* const request = left.pop_front()) {
    end_request(*request, nullptr, RedisFailure::kNotSent, counters_);
  }
}

}  // namespace tacos::redis
