#include "redis/redis_single.h"

#include <utility>

#include "redis/redis_pending.h"

namespace tacos::redis {

RedisSingle::RedisSingle(boost::asio::any_io_executor executor, const RedisUrl& url, std::shared_ptr<RedisTls> tls,
                         RedisLinkOptions options, const core::Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  RedisConnectionOptions own;
  own.address = url.addresses.front();
  own.tls = std::move(tls);
  own.user = url.user;
  own.password = url.password;
  own.database = url.database;
  own.seed = options_.seed;
  RedisRequestSink& sink = *this;
  connection_ =
      std::make_shared<RedisConnection>(std::move(executor), std::move(own), options_, sink, counters_, clock);
  connection_->connect();
}

RedisSingle::~RedisSingle() {
  connection_->close();
}

void RedisSingle::submit(RedisRequest& request) {
  if (begin_request(request, options_, counters_, clock_)) connection_->submit(request);
}

void RedisSingle::on_completed(RedisRequest& request, const RedisReply* reply, RedisFailure failure) {
  end_request(request, reply, failure, counters_);
}

}  // namespace tacos::redis
