#include "redis/redis_link.h"

#include <utility>

#include "redis/redis_cluster.h"
#include "redis/redis_single.h"

namespace tacos::redis {

core::Result<std::unique_ptr<RedisLink>> open_redis_link(boost::asio::any_io_executor executor, const RedisUrl& url,
                                                         const RedisLinkOptions& options, const core::Clock& clock) {
  if (url.addresses.empty()) return core::fail("a Redis URL without an address");
  std::shared_ptr<RedisTls> tls;
  if (url.tls) {
    auto made = make_redis_tls(url.ca_file, url.insecure);
    if (made.has_error()) return made.error();
    tls = std::move(*made);
  }
  if (url.cluster) {
    return std::unique_ptr<RedisLink>(
        std::make_unique<RedisCluster>(std::move(executor), url, std::move(tls), options, clock));
  }
  return std::unique_ptr<RedisLink>(
      std::make_unique<RedisSingle>(std::move(executor), url, std::move(tls), options, clock));
}

}  // namespace tacos::redis
