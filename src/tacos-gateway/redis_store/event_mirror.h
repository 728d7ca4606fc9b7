#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "tacos-gateway/redis_store/line_reply.h"
#include "tacos-gateway/store/queue_store.h"
#include "tacos-gateway/store/waiting_index.h"

namespace tacos::gateway {

// What one gateway remembers of one event on the Redis, so that it can tell those who wait their position without
// asking: the last ticket given, the watermark below which nobody waits, and who left the line ahead of their turn.
//
// Its set of those who wait only ever loses tickets, or gains them behind all others; so a position it tells never
// rises. It is as the Redis's was at the last refresh at worst: what it does not know yet are departures and calls
// through other gateways, so that a position may be too high by those, never too low. A ticket it does not know to
// wait, or not since when, is asked for at the store. Thread rule: any thread; one lock, held for a microsecond.
class EventMirror {
 public:
  static constexpr core::Nanos kStale = std::chrono::seconds(2);
  static constexpr core::Nanos kTooOld = std::chrono::seconds(30);
  enum class Answer : std::uint8_t { kFresh, kStale, kTooOld, kAskStore };

  // Answers kStatus for a ticket that is known to wait; takes note of its heartbeat.
  Answer answer(StoreCommand& command, core::Instant now);

  // Takes over what the store has told of a ticket, and gives its position when it waits, 0 when that is not known.
  std::uint64_t learn(const TicketReply& ticket, core::Instant now);
  void learn_progress(TicketNumber last, TicketNumber head, bool sold_out, std::uint64_t failovers);
  // Of a line in buckets: what read_spread_reply() has read.
  void learn_spread(const LineFacts& line);
  void learn_sold_out();
  // Whether somebody has joined since this was last asked: then time has work to do.
  bool stirred();
  // Whether there are departures still to be read.
  bool take_facts(const LineFacts& facts, core::Instant now);
  // The position of a ticket that is known to wait; 0 as long as not everything is known that it takes: who left before
  // this gateway met the line, which numbers a failover left out.
  std::uint64_t place_of(TicketNumber number) const;
  // The event is gone from the store: gives up all memory but the mirror itself, which others may refer to.
  void forget();
  // An event that is gone and that the store no longer lists is left alone until somebody joins it again.
  void listed(bool is_listed);
  bool asleep() const { return asleep_.load(std::memory_order_acquire); }
  // Of tickets, indexes and queues.
  std::size_t memory_bytes() const;

  // The line but for its departures, as far as it is known.
  LineFacts line() const;
  bool sold_out() const;
  // 1 as long as it is not known to be spread. Any thread, without the lock.
  std::uint32_t buckets() const { return buckets_.load(std::memory_order_acquire); }

  struct Reading {
    std::uint32_t epoch = 0;
    std::uint64_t departures = 0;
  };
  Reading reading() const;

  // What a tick tells the store, which may have lost it: how far this gateway knows the line to be. After a failover,
  // first how far it was before that one, and before each earlier one: a server that took over and was told may be lost
  // with what it was told.
  struct Knowledge {
    TicketNumber last = 0;  // that is known to be given
    TicketNumber head = 0;
    std::uint64_t failovers = 0;  // that were known of then
  };
  Knowledge knowledge() const;
  void told(const Knowledge& knowledge);
  bool has_more_to_tell() const;
  std::uint64_t failovers() const;

  // Moves up to `most` heartbeats that are to be written to the end of `to`; gives their epoch.
  std::uint32_t take_heartbeats(std::vector<TicketNumber>& to, std::size_t most);
  void give_back_heartbeats(std::uint32_t epoch, const std::vector<TicketNumber>& numbers);
  void remove(std::uint32_t epoch, TicketNumber number);

  // The place of one that waits as far as this gateway knows; else 0, and when it has not read the whole line.
  std::uint64_t place_in_line(TicketNumber number) const;

  core::Instant refreshed_at() const;

 private:
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
  static constexpr std::size_t kChunk = 4096;
  struct Ticket {
    std::uint64_t joined_ms = kUnknown;  // since the event began
    std::uint64_t written_ms = 0;        // when a heartbeat was last given to the store, or put down to be
  };

  void begin_life(std::uint32_t epoch);
  void release_tickets_up_to(TicketNumber head);
  void extend(TicketNumber last, TicketNumber head, std::uint64_t failovers);
  std::uint64_t place(TicketNumber number) const;
  TicketNumber past_gaps(TicketNumber number) const;
  Ticket& at(TicketNumber number);
  std::int64_t store_us(core::Instant now) const { return now.since_origin().count() / 1000 + ahead_us_; }

  mutable std::mutex mutex_;
  bool known_ = false;
  LineFacts facts_;  // but for its departures
  bool facts_known_ = false;
  static constexpr std::size_t kMostLives = 16;
  std::vector<Knowledge> before_failovers_;  // the latest
  std::size_t told_ = 0;                     // of them, since the last
  bool behind_ = false;                      // a reply told of a failover that the facts do not know of yet
  std::int64_t ahead_us_ = 0;                // the store's clock before ours
  core::Instant refreshed_;
  std::atomic<std::uint32_t> buckets_{1};
  std::atomic<bool> asleep_{false};
  TicketNumber last_ = 0;
  WaitingIndex waiting_;
  std::vector<std::unique_ptr<std::array<Ticket, kChunk>>> chunks_;
  std::size_t chunks_released_ = 0;  // from the front: nobody there waits
  std::uint64_t departures_read_ = 0;
  std::vector<TicketNumber> heartbeats_;
  bool stirred_ = false;
};

}  // namespace tacos::gateway
