#include "redis/redis_pending.h"

namespace tacos::redis {

bool begin_request(RedisRequest& request, const RedisLinkOptions& options, RedisCounters& counters,
                   const core::Clock& clock) {
  if (counters.pending.value() >= options.max_pending) {
    counters.overflows.add();
    request.done(request, nullptr, RedisFailure::kOverloaded);
    return false;
  }
  counters.pending.add();
  if (counters.pending.value() > counters.max_pending.value()) counters.max_pending.add();
  request.notes = {};
  const core::Nanos timeout = request.timeout > core::Nanos(0) ? request.timeout : options.command_timeout;
  request.notes.deadline = clock.now() + timeout;
  return true;
}

void end_request(RedisRequest& request, const RedisReply* reply, RedisFailure failure, RedisCounters& counters) {
  counters.pending.subtract();
  if (failure == RedisFailure::kNotSent && request.notes.maybe_executed) failure = RedisFailure::kUnknownOutcome;
  switch (failure) {
    case RedisFailure::kNone:
      counters.replies.add();
      if (reply->is_error()) counters.error_replies.add();
      if (reply->is_error("NOREPLICAS")) counters.no_replicas.add();
      break;
    case RedisFailure::kNotSent:
      counters.not_sent.add();
      break;
    case RedisFailure::kUnknownOutcome:
      counters.unknown_outcomes.add();
      break;
    case RedisFailure::kOverloaded:
    case RedisFailure::kNotReplicated:  // one WAIT counts for all of them
      break;
  }
  request.done(request, reply, failure);
}

}  // namespace tacos::redis
