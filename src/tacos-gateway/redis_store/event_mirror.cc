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

// GAP of lua/prelude.lua. Half as many do not join between two refreshes, nor are lost by a failover.
constexpr TicketNumber kGapOfNumbers = 131'072;

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
  const auto at_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, us - facts_.began_us) / 1000);
  command.outcome = StoreOutcome::kOk;
  TicketView& view = command.view;
  view = TicketView{};
  view.status = facts_.sold_out ? TicketStatus::kSoldOut : TicketStatus::kWaiting;
  if (!facts_.sold_out) view.position = waiting_.position(number);
  view.waited = milliseconds(static_cast<std::int64_t>(at_ms - std::min(at_ms, ticket.joined_ms)));
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
  // A bucket counts its own failovers, and which numbers there are is not its to say.
  if (facts_.buckets == 1) {
    extend(reply.last, reply.head, reply.failovers);
  } else if (reply.last >= last_ + kGapOfNumbers / 2) {
    behind_ = true;  // a failover's gap lies between, of which only the event's own key tells
  } else if (!behind_) {
    extend(reply.last, reply.head, facts_.failovers);
  }
  if (reply.sold_out) facts_.sold_out = true;
  const bool waits = reply.status == TicketStatus::kWaiting;
  if (!waits && reply.status != TicketStatus::kSoldOut) {
    waiting_.remove(reply.number);
    return 0;
  }
  const std::uint64_t position = waits ? place(reply.number) : 0;
  if (!waiting_.contains(reply.number)) return position;
  Ticket& ticket = at(reply.number);
  ticket.joined_ms = reply.at_ms - std::min(reply.at_ms, reply.waited_ms);
  ticket.written_ms = reply.at_ms;
  return position;
}

std::uint64_t EventMirror::place_of(TicketNumber number) const {
  const std::lock_guard lock(mutex_);
  return place(number);
}

std::uint64_t EventMirror::place_in_line(TicketNumber number) const {
  const std::lock_guard lock(mutex_);
  return waiting_.contains(number) ? place(number) : 0;
}

// One that waits and is not in the set was put back after a failover, or is being called just now.
std::uint64_t EventMirror::place(TicketNumber number) const {
  const bool whole = facts_known_ && behind_ == false && departures_read_ >= facts_.departures_in_all;
  return whole ? waiting_.before(number) + 1 : 0;
}

void EventMirror::learn_progress(TicketNumber last, TicketNumber head, bool sold_out, std::uint64_t failovers) {
  const std::lock_guard lock(mutex_);
  if (!known_) return;
  extend(last, head, failovers);
  if (sold_out) facts_.sold_out = true;
}

void EventMirror::learn_spread(const LineFacts& line) {
  const std::lock_guard lock(mutex_);
  if (!known_ || line.epoch != facts_.epoch) begin_life(line.epoch);
  extend(line.last, line.head, line.failovers);
  facts_.began_us = line.began_us;
  facts_.opens_us = line.opens_us;
  facts_.rate_micro = line.rate_micro;
  facts_.heartbeat_ms = line.heartbeat_ms;
  facts_.turn_ms = line.turn_ms;
  facts_.grant_ms = line.grant_ms;
  facts_.buckets = line.buckets;
  facts_.sold_out |= line.sold_out;
  buckets_.store(line.buckets, std::memory_order_release);
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
  if (facts.failovers != facts_.failovers || facts.gaps != facts_.gaps) {
    // Departures may be among what was lost, so that those told before are not where they were: all are read again.
    departures_read_ = 0;
    if (facts_known_ && facts.failovers != facts_.failovers) {
      if (before_failovers_.size() == kMostLives) before_failovers_.erase(before_failovers_.begin());
      before_failovers_.push_back({last_, facts_.head, facts_.failovers});
      told_ = 0;
    }
    facts_.failovers = facts.failovers;
    facts_.gaps = facts.gaps;
  }
  const std::uint64_t departures_before = departures_read_;
  extend(facts.last, facts.head, facts.failovers);
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
  behind_ = false;
  buckets_.store(facts_.buckets, std::memory_order_release);
  ahead_us_ = facts.now_us - now.since_origin().count() / 1000;
  refreshed_ = now;
  // Asking again is only worth it when this answer led on.
  return departures_read_ > departures_before && departures_read_ < facts.departures_in_all;
}

void EventMirror::forget() {
  const std::lock_guard lock(mutex_);
  if (!known_) return;
  begin_life(0);
  known_ = false;
  decltype(chunks_)().swap(chunks_);
  decltype(heartbeats_)().swap(heartbeats_);
}

void EventMirror::listed(bool is_listed) {
  const std::lock_guard lock(mutex_);
  asleep_.store(!is_listed && !known_, std::memory_order_release);
}

std::size_t EventMirror::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  const auto kept = std::count_if(chunks_.begin(), chunks_.end(), [](const auto& chunk) { return chunk != nullptr; });
  return static_cast<std::size_t>(kept) * kChunk * sizeof(Ticket) + chunks_.capacity() * sizeof(chunks_[0]) +
         waiting_.memory_bytes() + heartbeats_.capacity() * sizeof(TicketNumber);
}

EventMirror::Reading EventMirror::reading() const {
  const std::lock_guard lock(mutex_);
  return {known_ ? facts_.epoch : 0, departures_read_};
}

EventMirror::Knowledge EventMirror::knowledge() const {
  const std::lock_guard lock(mutex_);
  return told_ < before_failovers_.size() ? before_failovers_[told_] : Knowledge{last_, facts_.head, facts_.failovers};
}

void EventMirror::told(const Knowledge& knowledge) {
  const std::lock_guard lock(mutex_);
  if (told_ < before_failovers_.size() && before_failovers_[told_].failovers == knowledge.failovers) ++told_;
}

bool EventMirror::has_more_to_tell() const {
  const std::lock_guard lock(mutex_);
  return told_ < before_failovers_.size();
}

std::uint64_t EventMirror::failovers() const {
  const std::lock_guard lock(mutex_);
  return facts_.failovers;
}

bool EventMirror::sold_out() const {
  const std::lock_guard lock(mutex_);
  return known_ && facts_.sold_out;
}

LineFacts EventMirror::line() const {
  const std::lock_guard lock(mutex_);
  return facts_;
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
  buckets_.store(1, std::memory_order_release);
  known_ = true;
  facts_known_ = false;
  behind_ = stirred_ = false;
  asleep_.store(false, std::memory_order_release);
  last_ = 0;
  before_failovers_.clear();
  told_ = 0;
  waiting_ = WaitingIndex();
  chunks_.clear();
  chunks_released_ = 0;
  departures_read_ = 0;
  heartbeats_.clear();
}

// Tickets up to `last` have been given, and of those up to `head` none waits any longer.
// What a reply tells after a failover that the facts do not know of yet is left to them: they tell which numbers were
// passed over.
void EventMirror::extend(TicketNumber last, TicketNumber head, std::uint64_t failovers) {
  if (last > kMostTickets || head > kMostTickets) return;
  stirred_ |= last > last_;
  behind_ = failovers != facts_.failovers;
  if (behind_) return;
  if (head > facts_.head) {
    facts_.head = head;
    waiting_.remove_up_to(head);
    release_tickets_up_to(head);
  }
  TicketNumber number = past_gaps(std::max(last_, facts_.head) + 1);
  while (number <= last) {
    TicketNumber upto = last;
    for (const NumberGap& gap : facts_.gaps) {
      if (gap.after >= number) upto = std::min(upto, gap.after);
    }
    waiting_.append_all(number, upto);
    number = past_gaps(upto + 1);
  }
  last_ = std::max(last_, last);
}

// What is kept of tickets is for those who wait: the line's memory goes with the line.
void EventMirror::release_tickets_up_to(TicketNumber head) {
  const std::size_t upto = std::min<std::size_t>(head / kChunk, chunks_.size());
  for (; chunks_released_ < upto; ++chunks_released_) chunks_[chunks_released_].reset();
}

TicketNumber EventMirror::past_gaps(TicketNumber number) const {
  for (const NumberGap& gap : facts_.gaps) {
    if (number > gap.after && number <= gap.upto) number = gap.upto + 1;
  }
  return number;
}

EventMirror::Ticket& EventMirror::at(TicketNumber number) {
  const std::size_t chunk = (number - 1) / kChunk;
  if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
  if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<std::array<Ticket, kChunk>>();
  return (*chunks_[chunk])[(number - 1) % kChunk];
}

}  // namespace tacos::gateway
