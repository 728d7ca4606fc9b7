#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/clock.h"

namespace tacos::redis {

class RedisReply;
struct RedisScript;

// Why a request ended without a reply.
enum class RedisFailure : std::uint8_t {
  kNone,
  kNotSent,         // the server has not seen it: sending it again is safe
  kUnknownOutcome,  // it was sent, and the answer did not come: it may have been executed
  kOverloaded,      // as many as may be pending were; the server has not seen it
  // It was executed, but not enough replicas said in time that they have it: it is lost when the primary is lost before
  // they do. Never sent again by the link.
  kNotReplicated,
};

// One command for a Redis, owned by whoever submits it and untouched by them until done is called. Meant to be used
// again and again: then nothing is allocated per command.
struct RedisRequest {
  static constexpr std::uint16_t kAnySlot = 0xffff;

  std::string command;                  // one whole command, as RedisCommand writes it
  std::uint16_t slot = kAnySlot;        // redis_slot(key) of its keys; only a cluster looks at it
  bool idempotent = false;              // executing it twice is as good as once: sent again when its outcome is unknown
  bool durable = false;                 // done when wait_replicas of the link's options have it; with 0 as any other
  bool stale_ok = false;                // a replica may answer (in a cluster; EVALSHA_RO, not EVALSHA, for scripts)
  core::Nanos timeout{0};               // from submit to done; 0: as the link's options say
  const RedisScript* script = nullptr;  // of EVALSHA: loaded where it is not known, then sent again

  // Called exactly once for each submit, with the reply (which may be an error of the server's) or a failure other than
  // kNone. The reply lives as long as the call. It runs on the link's thread, and inside submit() only with
  // kOverloaded or when the link is closed. It may submit this or another request, but not after one of those two
  // failures, and it must not destroy the link.
  void (*done)(RedisRequest&, const RedisReply* reply, RedisFailure failure) = nullptr;
  void* owner = nullptr;  // for done

  // The link's own notes while it holds the request.
  struct Notes {
    RedisRequest* next = nullptr;
    const RedisReply* reply = nullptr;  // of one that is done when enough replicas have it
    core::Instant sent_at;
    core::Instant deadline;
    std::uint64_t sequence = 0;       // of its sending, within a connection
    std::uint32_t replies_first = 0;  // replies still to come before its own: of what was sent with it or given up
    core::Instant not_before;         // of one that a cluster has put off
    std::uint8_t script_loads = 0;
    std::uint8_t redirections = 0;
    std::uint8_t puts_off = 0;
    bool load_script = false;
    bool asking = false;
    bool must_be_primary = false;
    bool maybe_executed = false;  // an earlier sending has no answer
  } notes;
};

// A line of requests, linked through their notes: first in, first out, and nothing allocated.
class RedisRequestLine {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  RedisRequest* first() const { return first_; }

  void push_back(RedisRequest& request) {
    request.notes.next = nullptr;
    (first_ == nullptr ? first_ : last_->notes.next) = &request;
    last_ = &request;
    ++size_;
  }
  RedisRequest* pop_front() {
    RedisRequest* const taken = first_;
    if (taken == nullptr) return nullptr;
    first_ = std::exchange(taken->notes.next, nullptr);
    --size_;
    return taken;
  }
  RedisRequestLine take_all() { return std::exchange(*this, RedisRequestLine()); }

  // Takes out, in order, those that a predicate holds for.
  template <class Predicate>
  RedisRequestLine take_if(Predicate predicate) {
    RedisRequestLine taken;
    RedisRequestLine all = take_all();
    while (RedisRequest* const request = all.pop_front()) (predicate(*request) ? taken : *this).push_back(*request);
    return taken;
  }

 private:
  RedisRequest* first_ = nullptr;
  RedisRequest* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tacos::redis
