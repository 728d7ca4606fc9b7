#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "tacos-gateway/redis_store/redis_store.h"

namespace tacos::gateway {

// One server thread's way to the Redis: a link, and requests that are used again and again, so that commands cost no
// allocation once warm. Destroyed on the link's thread, or after it has ended; what is unanswered then is never
// completed, as nobody is there any more.
class RedisSession final : public StoreSession {
 public:
  RedisSession(RedisStoreParts& parts, boost::asio::any_io_executor executor);
  ~RedisSession() override;

  void submit(std::span<StoreCommand* const> batch) override;

 private:
  // A join to an event that has not been met registers it, opens it, and joins again. In a line in buckets a join
  // numbers the ticket at the event, and the ticket arrives in its bucket; where it can't, the user joins again. Who
  // waits in a line that this gateway has not read yet, as after a start, is told a position once it has. Where a
  // primary is away, a replica is asked for a status.
  enum class Step : std::uint8_t { kCommand, kRegister, kOpen, kJoinAgain, kArrive, kFacts, kPeek };
  struct Call {
    redis::RedisRequest request;
    RedisSession* session = nullptr;
    StoreCommand* command = nullptr;
    Step step = Step::kCommand;
    TicketNumber replaces = 0;  // a join's number that came to nothing
    unsigned detours = 0;
    bool primary_asked = false, replica_asked = false;  // of a status, each once
  };

  bool answered_by_mirror(StoreCommand& command);
  Call& take_call();
  void send_command(Call& call);
  void send_register(Call& call);
  void refuse_event(Call& call, StoreOutcome outcome);
  void send_open(Call& call, const redis::RedisReply& registered);
  void send_facts(Call& call);
  void take_facts(Call& call, const redis::RedisReply& reply);

  bool may_peek(const StoreCommand& command) const;
  bool is_out_of_touch(std::uint64_t event) const;
  void send_peek(Call& call);
  void take_peek(Call& call, const redis::RedisReply& reply);
  void end_peek(Call& call);

  static void replied(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure);
  void on_reply(Call& call, const redis::RedisReply& reply);
  void on_spread(Call& call, const redis::RedisReply& reply);
  void send_arrive(Call& call, TicketNumber number);
  // Whether the answer is to wait, at a position that this gateway can't tell yet.
  bool take_ticket(StoreCommand& command, const redis::RedisReply& reply);
  void complete(Call& call);
  void complete(Call& call, StoreOutcome outcome);
  EventMirror& mirror_of(std::uint64_t event);
  bool sold_out(std::uint64_t event) const;
  std::uint32_t buckets_of(std::uint64_t event) const;

  RedisStoreParts& parts_;
  std::unique_ptr<redis::RedisLink> link_;
  std::deque<Call> calls_;
  std::vector<Call*> free_;
  std::unordered_map<std::uint64_t, EventMirror*> known_;
  std::vector<StoreCommand*> answered_;
  LineFacts spread_;
  LineFacts facts_;
  bool closing_ = false;
};

}  // namespace tacos::gateway
