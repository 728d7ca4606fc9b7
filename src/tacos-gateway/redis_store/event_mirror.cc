#include "tacos-gateway/redis_store/event_mirror.h"

#include <algorithm>
#include <utility>

#include "tacos-gateway/store/poll_advice.h"

namespace tacos::gateway {
namespace {

using core::Instant;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Heartbeats that wait to be written, beyond which the oldest are given up: two of each ticket of a long line.
constexpr std::size_t kMostHeartbeats = 2'000'000;

}  // namespace

EventMirror::Answer EventMirror::answer(StoreCommand& command, Instant now) {
  const std::lock_guard lock(mutex_);
  const TicketNumber number = command.ref.number;
  if (!facts_known_ || command.ref.epoch != facts_.epoch || !waiting_.contains(number)) return Answer::kAskStore;
  Ticket& ticket = at(number);
  if (ticket.joined_ms == kUnknown) return Answer::kAskStore;
  const core::Nanos age = now - refreshed_;
  if (age > kTooOld) return Answer::kTooOld;

  const std::int64_t us = store_us(now);
  const auto at_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(0, us - facts_.began_us) / 1000);
  command.outcome = StoreOutcome::kOk;
  TicketView& view = command.view;
  view = TicketView{};
  view.status = facts_.sold_out ? TicketStatus::kSoldOut : TicketStatus::kWaiting;
  if (!facts_.sold_out) view.position = waiting_.position(number);
  view.waited = milliseconds(at_ms - std::min(at_ms, ticket.joined_ms));
  view.stale = age > kStale;
  const LinePace pace{static_cast<double>(facts_.rate_micro) / 1e6,
                      microseconds(std::max<std::int64_t>(0, facts_.opens_us - us)), milliseconds(facts_.heartbeat_ms)};
  advise(view, number, pace);
  if (at_ms >= ticket.written_ms + facts_.heartbeat_ms / 3 && heartbeats_.size() < kMostHeartbeats) {
    ticket.written_ms = at_ms;
    heartbeats_.push_back(number);
  }
  return view.stale ? Answer::kStale : Answer::kFresh;
}

std::uint64_t EventMirror::learn(const TicketReply& reply, Instant) {
  const std::lock_guard lock(mutex_);
  if (!known_ || reply.epoch != facts_.epoch) begin_life(reply.epoch);
  extend(reply.last, reply.head);
  if (reply.sold_out) facts_.sold_out = true;
  const bool waits = reply.status == TicketStatus::kWaiting;
  if (!waits && reply.status != TicketStatus::kSoldOut) {
    waiting_.remove(reply.number);
    return 0;
  }
  if (!waiting_.contains(reply.number)) return 0;
  Ticket& ticket = at(reply.number);
  ticket.joined_ms = static_cast<std::uint32_t>(reply.at_ms - std::min(reply.at_ms, reply.waited_ms));
  ticket.written_ms = static_cast<std::uint32_t>(reply.at_ms);
  return waits ? waiting_.position(reply.number) : 0;
}

void EventMirror::learn_progress(TicketNumber last, TicketNumber head, bool sold_out) {
  const std::lock_guard lock(mutex_);
  if (!known_) return;
  extend(last, head);
  if (sold_out) facts_.sold_out = true;
}

void EventMirror::learn_sold_out() {
  const std::lock_guard lock(mutex_);
  facts_.sold_out = known_;
}

bool EventMirror::stirred() {
  const std::lock_guard lock(mutex_);
  return std::exchange(stirred_, false);
}

bool EventMirror::take_facts(const LineFacts& facts, Instant now) {
  const std::lock_guard lock(mutex_);
  if (!known_ || facts.epoch != facts_.epoch) begin_life(facts.epoch);
  const bool sold_out = facts_.sold_out || facts.sold_out;
  extend(facts.last, facts.head);
  if (facts.departures_from <= departures_read_) {
    for (const TicketNumber number : facts.departures) waiting_.remove(number);
    departures_read_ = std::max(departures_read_, facts.departures_from + facts.departures.size());
  }
  const TicketNumber head = std::max(facts_.head, facts.head);
  facts_ = facts;
  facts_.departures.clear();
  facts_.head = head;
  facts_.sold_out = sold_out;
  facts_known_ = true;
  ahead_us_ = facts.now_us - now.since_origin().count() / 1000;
  refreshed_ = now;
  return departures_read_ < facts.departures_in_all;
}

bool EventMirror::whole() const {
  const std::lock_guard lock(mutex_);
  return facts_known_ && departures_read_ >= facts_.departures_in_all;
}

void EventMirror::forget() {
  const std::lock_guard lock(mutex_);
  known_ = facts_known_ = false;
}

EventMirror::Reading EventMirror::reading() const {
  const std::lock_guard lock(mutex_);
  return {known_ ? facts_.epoch : 0, departures_read_};
}

std::uint32_t EventMirror::take_heartbeats(std::vector<TicketNumber>& to, std::size_t most) {
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(most, heartbeats_.size());
  const auto from = heartbeats_.end() - static_cast<std::ptrdiff_t>(count);
  to.insert(to.end(), from, heartbeats_.end());
  heartbeats_.erase(from, heartbeats_.end());
  return facts_.epoch;
}

void EventMirror::give_back_heartbeats(std::uint32_t epoch, const std::vector<TicketNumber>& numbers) {
  const std::lock_guard lock(mutex_);
  if (!known_ || epoch != facts_.epoch || heartbeats_.size() + numbers.size() > kMostHeartbeats) return;
  heartbeats_.insert(heartbeats_.end(), numbers.begin(), numbers.end());
}

void EventMirror::remove(std::uint32_t epoch, TicketNumber number) {
  const std::lock_guard lock(mutex_);
  if (known_ && epoch == facts_.epoch) waiting_.remove(number);
}

Instant EventMirror::refreshed_at() const {
  const std::lock_guard lock(mutex_);
  return refreshed_;
}

// Another epoch is another line: nothing that was known of the old one holds.
void EventMirror::begin_life(std::uint32_t epoch) {
  facts_ = LineFacts{};
  facts_.epoch = epoch;
  known_ = true;
  facts_known_ = false;
  last_ = 0;
  waiting_ = WaitingIndex();
  chunks_.clear();
  departures_read_ = 0;
  heartbeats_.clear();
}

// Tickets up to `last` have been given, and of those up to `head` none waits any longer.
void EventMirror::extend(TicketNumber last, TicketNumber head) {
  if (head > facts_.head) {
    facts_.head = head;
    for (TicketNumber number = waiting_.first(); number != 0 && number <= head; number = waiting_.first()) {
      waiting_.remove(number);
    }
  }
  for (TicketNumber number = std::max(last_, facts_.head) + 1; number <= last; ++number) waiting_.append(number);
  stirred_ |= last > last_;
  last_ = std::max(last_, last);
}

EventMirror::Ticket& EventMirror::at(TicketNumber number) {
  const std::size_t chunk = (number - 1) / kChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<std::array<Ticket, kChunk>>();
  return (*chunks_[chunk])[(number - 1) % kChunk];
}

}  // namespace tacos::gateway
