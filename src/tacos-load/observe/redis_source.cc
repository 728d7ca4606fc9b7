#include "tacos-load/observe/redis_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "redis/redis_command.h"
#include "redis/redis_reply.h"
#include "redis/redis_slots.h"
#include "tacos-load/observe/redis_info.h"

namespace tacos::load {
namespace {

using redis::RedisFailure;
using redis::RedisReply;
using redis::RedisRequest;

constexpr std::size_t kLongestFault = 200;  // of what a stranger says, to people

redis::RedisLinkOptions link_options() {
  redis::RedisLinkOptions options;
  options.client_name = "tacos-load";
  // Longer than any pause between samples: a late answer is still one, and a server that is kept busy by one long
  // command is not to be taken for lost.
  options.command_timeout = std::chrono::seconds(8);
  options.backoff_most = std::chrono::milliseconds(500);
  options.reply_limits.max_bytes = 4 * 1024 * 1024;
  return options;
}

redis::RedisUrl url_of_node(const redis::RedisUrl& cluster, const redis::RedisAddress& node) {
  redis::RedisUrl url = cluster;
  url.cluster = false;
  url.addresses = {node};
  return url;
}

// The map of slots as one node sees it.
struct MapQuestion {
  redis::RedisAddress asked;
  std::vector<redis::RedisAddress> primaries{};
  std::string fault{};
  bool answered = false;

  static void on_reply(RedisRequest& request, const RedisReply* reply, RedisFailure) {
    auto& self = *static_cast<MapQuestion*>(request.owner);
    self.answered = true;
    if (reply == nullptr) return;
    if (reply->is_error()) {
      self.fault = std::string(reply->text());
      return;
    }
    const auto ranges = redis::parse_cluster_slots(*reply, self.asked);
    if (!ranges) {
      self.fault = ranges.error().message;
      return;
    }
    for (const auto& range : *ranges) {
      const auto& known = self.primaries;
      if (std::find(known.begin(), known.end(), range.primary) == known.end()) self.primaries.push_back(range.primary);
    }
  }
};

}  // namespace

core::Result<std::unique_ptr<RedisSource>> RedisSource::open(boost::asio::io_context& loop, const redis::RedisUrl& url,
                                                             const core::Clock& clock) {
  std::unique_ptr<RedisSource> source(new RedisSource);
  auto link = redis::open_redis_link(loop.get_executor(), url, link_options(), clock);
  if (!link) return link.error();
  source->link_ = std::move(*link);
  redis::append_command(source->request_.command, "INFO", "all");
  source->request_.idempotent = true;
  source->request_.owner = source.get();
  source->request_.done = on_reply;
  return source;
}

RedisSource::~RedisSource() {
  done_ = nullptr;
  if (link_) link_->close();
}

void RedisSource::read(Done done) {
  done_ = std::move(done);
  link_->submit(request_);
}

void RedisSource::on_reply(RedisRequest& request, const RedisReply* reply, RedisFailure) {
  auto& self = *static_cast<RedisSource*>(request.owner);
  const Done done = std::exchange(self.done_, nullptr);
  if (!done) return;
  if (reply == nullptr) {
    const std::string why = self.link_->fault();
    done(core::fail(why.empty() ? "it did not answer in time" : why));
  } else if (reply->is_error()) {
    done(core::fail(fmt::format("it answered to INFO: {}", reply->text().substr(0, kLongestFault))));
  } else {
    done(parse_redis_info(reply->text()));
  }
}

core::Result<std::vector<redis::RedisAddress>> find_primaries(boost::asio::io_context& loop, const redis::RedisUrl& url,
                                                              const core::Clock& clock, core::Nanos patience) {
  std::string fault = "no node answered";
  for (const auto& node : url.addresses) {
    auto link = redis::open_redis_link(loop.get_executor(), url_of_node(url, node), link_options(), clock);
    if (!link) return link.error();
    MapQuestion question{node};
    RedisRequest request;
    redis::append_command(request.command, "CLUSTER", "SLOTS");
    request.idempotent = true;
    request.timeout = patience;
    request.owner = &question;
    request.done = MapQuestion::on_reply;
    (*link)->submit(request);
    loop.restart();
    while (!question.answered && loop.run_one() > 0) {
    }
    if (!(*link)->fault().empty()) fault = (*link)->fault();
    if (!question.fault.empty()) fault = question.fault;
    (*link)->close();
    if (!question.primaries.empty()) return question.primaries;
  }
  return core::fail(fault);
}

}  // namespace tacos::load
