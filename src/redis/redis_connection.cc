#include "redis/redis_connection.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "redis/redis_command.h"

namespace tacos::redis {
namespace {

using core::Instant;
using core::Nanos;

// One write, beyond which requests wait for the next: it bounds the buffer.
constexpr std::size_t kMostPerWrite = 256 * 1024;
// The parser moves what is left of its buffer with every KB it has used up, so it is fed little at a time.
constexpr std::size_t kPiece = 4 * 1024;
constexpr std::uint8_t kMostScriptLoads = 3;
// Of all that are held together: each is within a reply's own limits, and there are max_pending at most.
constexpr RedisReplyLimits kKeptLimits{.max_bytes = SIZE_MAX, .max_elements = SIZE_MAX};

}  // namespace

struct RedisConnection::Flush {
  using allocator_type = net::HandlerAllocator<void>;
  std::shared_ptr<RedisConnection> self;
  allocator_type get_allocator() const noexcept { return allocator_type(self->flush_memory_); }
  void operator()() const {
    self->flush_posted_ = false;
    self->flush();
  }
};

RedisConnection::RedisConnection(boost::asio::any_io_executor executor, RedisConnectionOptions own,
                                 const RedisLinkOptions& link, RedisRequestSink& sink, RedisCounters& counters,
                                 const core::Clock& clock)
    : executor_(std::move(executor)),
      own_(std::move(own)),
      link_(link),
      sink_(sink),
      counters_(counters),
      clock_(clock),
      kept_(kKeptLimits),
      script_loaded_at_(link.scripts ? link.scripts->size() : 0),
      random_(own_.seed),
      timer_(executor_) {
  // To the server 0 means for ever.
  const auto wait_ms =
      std::max<Nanos::rep>(1, std::chrono::ceil<std::chrono::milliseconds>(link_.wait_timeout).count());
  RedisCommand(wait_.command, 3).arg("WAIT").arg(link_.wait_replicas).arg(wait_ms);
}

RedisConnection::~RedisConnection() {
  if (transport_) transport_->close();
}

void RedisConnection::connect() {
  start_attempt();
  arm();
}

void RedisConnection::start_attempt() {
  state_ = State::kOpening;
  phase_ends_ = clock_.now() + link_.connect_timeout;
  RedisTransport::Events events;
  events.opened = [this] { greet(); };
  events.received = [this](std::string_view bytes) { on_received(bytes); };
  events.written = [this](std::size_t bytes) { on_written(bytes); };
  events.broken = [this](std::string why) { drop(std::move(why)); };
  reader_ = std::make_unique<RedisReplyReader>(link_.reply_limits);
  transport_ = std::make_shared<RedisTransport>(executor_, own_.address, own_.tls, std::move(events));
  transport_->open();
}

// All of the greeting goes out in one write; requests follow when it was understood.
void RedisConnection::greet() {
  state_ = State::kGreeting;
  greeting_.clear();
  greeted_ = 0;
  writing_.clear();
  if (!own_.password.empty()) {
    greeting_.push_back({"AUTH"});
    if (own_.user.empty()) {
      append_command(writing_, "AUTH", own_.password);
    } else {
      append_command(writing_, "AUTH", own_.user, own_.password);
    }
  }
  // A user's rights may not reach as far as the names of connections, and a server alone may not know of READONLY.
  greeting_.push_back({"CLIENT SETNAME", true});
  append_command(writing_, "CLIENT", "SETNAME", link_.client_name);
  if (own_.database != 0) {
    greeting_.push_back({"SELECT"});
    append_command(writing_, "SELECT", own_.database);
  }
  if (own_.read_only) {
    greeting_.push_back({"READONLY", true});
    append_command(writing_, "READONLY");
  }
  for (std::size_t at = 0; at < script_loaded_at_.size(); ++at) {
    greeting_.push_back({"SCRIPT LOAD", true});
    append_command(writing_, "SCRIPT", "LOAD", (*link_.scripts)[at].text);
    script_loaded_at_[at] = sequence_;
  }
  write_pending_ = true;
  transport_->write(writing_);
}

void RedisConnection::on_greeting_reply(const RedisReply& reply) {
  const GreetingStep step = greeting_[greeted_++];
  // Without a password where one is needed, everything is refused: the operator is told so at once.
  if (reply.is_error() && (!step.may_fail || reply.is_error("NOAUTH"))) {
    drop(fmt::format("{}: {} was answered '{}'", own_.address.to_string(), step.name, reply.text()));
    return;
  }
  if (greeted_ < greeting_.size()) return;
  state_ = State::kReady;
  ready_since_ = clock_.now();
  phase_ends_ = Instant::never();
  counters_.connects.add();
  post_flush();
}

void RedisConnection::submit(RedisRequest& request) {
  if (state_ == State::kClosed || (!own_.keeps_waiting && state_ != State::kReady && attempts_ > 0)) {
    complete(request, nullptr, RedisFailure::kNotSent);
    return;
  }
  waiting_.push_back(request);
  if (request.notes.deadline < next_deadline_) {
    next_deadline_ = request.notes.deadline;
    arm();
  }
  if (state_ == State::kReady) post_flush();
}

void RedisConnection::post_flush() {
  if (flush_posted_) return;
  flush_posted_ = true;
  // Only the loop's own executor type takes the handler's memory.
  if (const auto* loop = executor_.target<boost::asio::io_context::executor_type>()) {
    boost::asio::post(*loop, Flush{shared_from_this()});
  } else {
    boost::asio::post(executor_, Flush{shared_from_this()});
  }
}

void RedisConnection::flush() {
  if (state_ != State::kReady || write_pending_ || leave_when_answered_) return;
  writing_.clear();
  wait_wanted_ = false;
  send_line(again_);
  if (again_.empty()) send_line(waiting_);
  if (wait_wanted_) append_wait();
  if (writing_.empty()) return;
  write_pending_ = true;
  transport_->write(writing_);
}

void RedisConnection::send_line(RedisRequestLine& line) {
  if (line.empty()) return;
  const Instant now = clock_.now();
  if (sent_.empty() && replies_of_nobody_ == 0) silent_since_ = now;
  while (writing_.size() < kMostPerWrite && !line.empty()) {
    const bool durable = awaits_replicas(*line.first());
    if (durable && wait_sent_) return;
    wait_wanted_ = wait_wanted_ || durable;
    RedisRequest* const request = line.pop_front();
    request->notes.sent_at = now;
    append(*request);
    sent_.push_back(*request);
  }
}

void RedisConnection::append(RedisRequest& request) {
  request.notes.replies_first = std::exchange(replies_of_nobody_, 0);
  request.notes.sequence = ++sequence_;
  if (std::exchange(request.notes.load_script, false)) {
    // Those that missed the script together need it loaded only once.
    const RedisScript& script = *request.script;
    append_command(writing_, "SCRIPT", "LOAD", script.text);
    ++request.notes.replies_first;
    counters_.scripts_loaded.add();
  }
  if (request.notes.asking) {
    append_command(writing_, "ASKING");
    ++request.notes.replies_first;
  }
  writing_.append(request.command);
  counters_.commands_sent.add();
}

void RedisConnection::on_written(std::size_t bytes) {
  counters_.bytes_sent.add(bytes);
  write_pending_ = false;
  if (!again_.empty() || !waiting_.empty()) flush();
}

void RedisConnection::on_received(std::string_view bytes) {
  counters_.bytes_received.add(bytes.size());
  silent_since_ = clock_.now();
  const auto self = shared_from_this();
  const auto transport = transport_;
  while (!bytes.empty()) {
    reader_->feed(bytes.substr(0, kPiece));
    bytes.remove_prefix(std::min(bytes.size(), kPiece));
    for (;;) {
      const auto status = reader_->next();
      if (status == RedisReplyReader::Status::kNeedMore) break;
      if (status == RedisReplyReader::Status::kBroken) {
        drop(fmt::format("{}: a reply can't be read: {}", own_.address.to_string(), reader_->fault()));
        return;
      }
      on_reply(reader_->reply());
      if (transport_ != transport) return;  // a handler closed it
    }
  }
  if (leave_when_answered_ && sent_.empty()) {
    drop(fmt::format("{}: it has become a replica", own_.address.to_string()));
    return;
  }
  close_if_retired();
}

void RedisConnection::on_reply(const RedisReply& reply) {
  if (state_ == State::kGreeting) {
    on_greeting_reply(reply);
    return;
  }
  RedisRequest* const request = sent_.first();
  if (request == nullptr) {
    if (replies_of_nobody_ > 0) {
      --replies_of_nobody_;
      return;
    }
    drop(fmt::format("{}: it sent a reply that nobody asked for", own_.address.to_string()));
    return;
  }
  if (request->notes.replies_first > 0) {
    --request->notes.replies_first;
    return;
  }
  sent_.pop_front();
  attempts_ = 0;
  if (request == &wait_) {
    on_wait_reply(reply);
    return;
  }
  if (reply.is_error()) {
    if (reply.is_error("NOSCRIPT") && send_again_with_script(*request)) return;
    if (reply.is_error("READONLY") && !own_.read_only) leave_when_answered_ = true;
  }
  if (link_.on_round_trip) link_.on_round_trip(clock_.now() - request->notes.sent_at);
  if (awaits_replicas(*request) && !reply.is_error()) {
    hold(*request, reply);
  } else {
    complete(*request, &reply, RedisFailure::kNone);
  }
}

bool RedisConnection::send_again_with_script(RedisRequest& request) {
  if (request.script == nullptr || request.script->index >= script_loaded_at_.size()) return false;
  if (request.notes.script_loads >= kMostScriptLoads) return false;
  ++request.notes.script_loads;
  // One that was on its way before the last loading was sent only needs sending again.
  std::uint64_t& loaded_at = script_loaded_at_[request.script->index];
  if (request.notes.sequence > loaded_at || request.notes.script_loads > 1) {
    request.notes.load_script = true;
    loaded_at = sequence_ + 1;
  }
  again_.push_back(request);
  post_flush();
  return true;
}

void RedisConnection::complete(RedisRequest& request, const RedisReply* reply, RedisFailure failure) {
  sink_.on_completed(request, reply, failure);
}

void RedisConnection::fail(RedisRequestLine line, RedisFailure failure) {
  while (RedisRequest* const request = line.pop_front()) complete(*request, nullptr, failure);
}

void RedisConnection::drop(std::string why) {
  if (state_ == State::kClosed || state_ == State::kResting) return;
  // Callers may hold the reader's reply and the transport's buffer: both stay until the next attempt.
  const auto self = shared_from_this();
  const auto reader = std::shared_ptr<RedisReplyReader>(std::move(reader_));
  boost::asio::post(executor_, [reader] {});
  transport_->close();
  transport_.reset();
  fault_ = std::move(why);
  (state_ == State::kReady ? counters_.disconnects : counters_.connects_failed).add();
  write_pending_ = false;
  leave_when_answered_ = false;
  replies_of_nobody_ = 0;
  rest();

  const Instant now = clock_.now();
  RedisRequestLine lost = take_unanswered();
  RedisRequestLine unsent;
  if (own_.keeps_waiting) {
    RedisRequestLine repeated =
        lost.take_if([&](const RedisRequest& request) { return request.idempotent && request.notes.deadline > now; });
    RedisRequestLine others = again_.take_all();
    while (RedisRequest* const request = repeated.pop_front()) {
      request->notes.maybe_executed = true;
      again_.push_back(*request);
    }
    while (RedisRequest* const request = others.pop_front()) again_.push_back(*request);
  } else {
    unsent = again_.take_all();
    RedisRequestLine others = waiting_.take_all();
    while (RedisRequest* const request = others.pop_front()) unsent.push_back(*request);
  }
  fail(lost, RedisFailure::kUnknownOutcome);
  fail(unsent, RedisFailure::kNotSent);
  sink_.on_connection_lost();
  close_if_retired();
  if (state_ != State::kClosed) arm();
}

// Exponential, capped, and between half and all of it at random, so that clients that lost the same server do not all
// come back at once.
void RedisConnection::rest() {
  state_ = State::kResting;
  const Instant now = clock_.now();
  if (ready_since_ != Instant() && now - ready_since_ > link_.backoff_most) attempts_ = 0;
  ready_since_ = Instant();
  Nanos pause = link_.backoff_first;
  for (unsigned done = 0; done < attempts_ && pause < link_.backoff_most; ++done) pause *= 2;
  pause = std::min(pause, link_.backoff_most);
  ++attempts_;
  const double share = 0.5 + 0.5 * random_.uniform();
  phase_ends_ = now + Nanos(static_cast<Nanos::rep>(share * static_cast<double>(pause.count())));
}

void RedisConnection::retire() {
  retired_ = true;
  if (state_ == State::kReady) {
    close_if_retired();
  } else {
    close();
  }
}

void RedisConnection::close_if_retired() {
  if (retired_ && idle()) close();
}

void RedisConnection::close() {
  if (state_ == State::kClosed) return;
  const auto self = shared_from_this();
  state_ = State::kClosed;
  if (transport_) {
    transport_->close();
    transport_.reset();
  }
  timer_.cancel();
  RedisRequestLine unsent = again_.take_all();
  RedisRequestLine others = waiting_.take_all();
  fail(take_unanswered(), RedisFailure::kUnknownOutcome);
  fail(unsent, RedisFailure::kNotSent);
  fail(others, RedisFailure::kNotSent);
}

}  // namespace tacos::redis
