#pragma once

#include <memory>

#include "redis/redis_connection.h"
#include "redis/redis_link.h"

namespace tacos::redis {

// A link to one server, or to whatever server an address leads to: requests wait while there is no connection.
class RedisSingle final : public RedisLink, private RedisRequestSink {
 public:
  RedisSingle(boost::asio::any_io_executor executor, const RedisUrl& url, std::shared_ptr<RedisTls> tls,
              RedisLinkOptions options, const core::Clock& clock);
  ~RedisSingle();

  void submit(RedisRequest& request) override;
  bool ready() const override { return connection_->ready(); }
  std::string fault() const override { return connection_->fault(); }
  void close() override { connection_->close(); }
  const RedisCounters& counters() const override { return counters_; }

 private:
  void on_completed(RedisRequest& request, const RedisReply* reply, RedisFailure failure) override;
  void on_connection_lost() override {}

  const RedisLinkOptions options_;
  const core::Clock& clock_;
  RedisCounters counters_;
  std::shared_ptr<RedisConnection> connection_;
};

}  // namespace tacos::redis
