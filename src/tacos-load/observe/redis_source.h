#pragma once

#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "redis/redis_link.h"
#include "redis/redis_url.h"
#include "tacos-load/observe/source.h"

namespace tacos::load {

// Asks one Redis server for INFO, over a connection of its own. A server that executes a long command answers late
// rather than never, so a question has seconds of time; the connection is made again when it is lost.
class RedisSource final : public Source {
 public:
  // The error is about the URL's options, such as a CA file that can't be read.
  static core::Result<std::unique_ptr<RedisSource>> open(boost::asio::io_context& loop, const redis::RedisUrl& url,
                                                         const core::Clock& clock);
  ~RedisSource() override;

  void read(Done done) override;
  std::string fault() const override { return link_->fault(); }

 private:
  RedisSource() = default;
  static void on_reply(redis::RedisRequest& request, const redis::RedisReply* reply, redis::RedisFailure failure);

  std::unique_ptr<redis::RedisLink> link_;
  redis::RedisRequest request_;
  Done done_;
};

// The primaries of a cluster, by asking its nodes one after the other, each for at most `patience`. Runs the loop.
core::Result<std::vector<redis::RedisAddress>> find_primaries(boost::asio::io_context& loop, const redis::RedisUrl& url,
                                                              const core::Clock& clock, core::Nanos patience);

}  // namespace tacos::load
