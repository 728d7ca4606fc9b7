#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "tacos-gateway/redis_seats/redis_seats.h"
#include "tacos-gateway/redis_seats/seat_scripts.h"
#include "tacos-gateway/redis_seats/seat_sweep.h"

namespace tacos::gateway {

// One server thread's way to the seats on a Redis. Every command may be executed twice to the same effect, so the link
// sends it again when its answer got lost, until its time is up. Destroyed on the link's thread, or after it has ended;
// what is unanswered then is never completed.
class RedisSeatSession final : public SeatSession {
 public:
  RedisSeatSession(RedisStoreParts& parts, const RedisSeatOptions& options,
                   const std::shared_ptr<const redis::ScriptBook>& scripts, boost::asio::any_io_executor executor);
  ~RedisSeatSession() override;

  void submit(SeatCommand& command) override;
  void suspend(const KeyClaim& key) override;
  std::vector<SeatChange> sweep() override;

 private:
  struct Call {
    redis::RedisRequest request;
    RedisSeatSession* session = nullptr;
    SeatCommand* command = nullptr;  // null: nobody waits
  };

  Call& take_call(SeatCommand* command);
  redis::RedisCommand script(Call& call, SeatScript script, std::string_view key, std::size_t arguments);
  redis::RedisCommand seat_script(Call& call, SeatScript script, std::size_t arguments);
  redis::RedisCommand settle_script(Call& call, const KeyClaim& key, const char* how, std::size_t arguments);
  void write(Call& call);
  void write_claim(Call& call);
  void write_intent(Call& call);
  void write_hold(Call& call);

  static void replied(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure);
  void read(Call& call, const redis::RedisReply& reply);
  void refused(Call& call);
  void complete(Call& call);

  RedisStoreParts& parts_;
  const RedisSeatOptions options_;
  const std::shared_ptr<const redis::ScriptBook> scripts_;
  const boost::asio::any_io_executor executor_;
  core::Random random_;
  std::unique_ptr<redis::RedisLink> link_;
  std::optional<SeatSweep> sweep_;
  std::deque<Call> calls_;
  std::vector<Call*> free_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // gone with this, unlike what is posted
  bool closing_ = false;
};

}  // namespace tacos::gateway
