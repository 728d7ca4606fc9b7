// What a connection does for durable requests: one WAIT behind those of a write, and their replies kept until it is
// answered.

#include <fmt/format.h>

#include "redis/redis_connection.h"

namespace tacos::redis {

bool RedisConnection::awaits_replicas(const RedisRequest& request) const {
  return request.durable && link_.wait_replicas > 0 && !own_.read_only;
}

// At the end of the write, so that the server answers what is not durable before it waits.
void RedisConnection::append_wait() {
  const core::Instant now = clock_.now();
  wait_.notes = {};
  wait_.notes.sent_at = now;
  wait_.notes.deadline = now + link_.wait_timeout + link_.command_timeout;
  writing_.append(wait_.command);
  sent_.push_back(wait_);
  wait_sent_ = true;
  counters_.waits.add();
}

void RedisConnection::hold(RedisRequest& request, const RedisReply& reply) {
  if (held_.empty()) kept_.reset();
  request.notes.reply = kept_.keep(reply);
  held_.push_back(request);
}

// Too few, or an error: not allowed, or not a primary any more.
void RedisConnection::on_wait_reply(const RedisReply& reply) {
  const bool enough = reply.integer() >= static_cast<std::int64_t>(link_.wait_replicas);
  if (reply.is_error()) fault_ = fmt::format("{}: WAIT was answered '{}'", own_.address.to_string(), reply.text());
  if (!enough) counters_.waits_short.add();
  wait_sent_ = false;
  if (!again_.empty() || !waiting_.empty()) post_flush();
  // What a handler closes meanwhile is taken out of held_.
  while (RedisRequest* const request = held_.pop_front()) {
    if (enough) {
      complete(*request, request->notes.reply, RedisFailure::kNone);
    } else {
      complete(*request, nullptr, RedisFailure::kNotReplicated);
    }
  }
}

// Of what was sent, all but the WAIT, in the order in which it was sent.
RedisRequestLine RedisConnection::take_unanswered() {
  RedisRequestLine all = held_.take_all();
  RedisRequestLine sent = sent_.take_all();
  while (RedisRequest* const request = sent.pop_front()) {
    if (request != &wait_) all.push_back(*request);
  }
  wait_sent_ = false;
  return all;
}

}  // namespace tacos::redis
