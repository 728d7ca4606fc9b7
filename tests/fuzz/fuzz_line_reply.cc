// Whatever a Redis holds under the line's keys, the scripts may come to tell it: replies of any numbers are read or
// refused, and a mirror that learns from them tells no impossible place, and remembers no line without end. The first
// byte chooses what each reply is taken for; libFuzzer's limits on memory and time watch the rest.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "redis/redis_reply.h"
#include "tacos-gateway/redis_store/event_mirror.h"
#include "tacos-gateway/redis_store/line_reply.h"

namespace {

using namespace tacos::gateway;
using tacos::core::Instant;
using tacos::redis::RedisReply;
using tacos::redis::RedisReplyReader;

constexpr std::size_t kMostReplies = 16;
constexpr std::size_t kMostHeartbeats = 1000;

void check(bool holds) {
  if (!holds) std::abort();
}

// Feeds one mirror, as the session and the keeper do.
class Gateway {
 public:
  void take_ticket(const RedisReply& reply) {
    const TicketReply ticket = read_ticket_reply(reply);
    if (!ticket.whole) return;
    check(ticket.number <= kMostTickets && ticket.last <= kMostTickets && ticket.head <= kMostTickets);
    check(mirror_.learn(ticket, now_) <= kMostTickets);
    ask(ticket.epoch, ticket.number);
  }
  void take_facts(const RedisReply& reply) {
    if (!read_line_facts(reply, facts_)) return;
    const std::uint64_t before = mirror_.reading().departures;
    if (mirror_.take_facts(facts_, now_)) {
      const auto reading = mirror_.reading();
      check(reading.departures != before && reading.departures < facts_.departures_in_all);
    }
    ask(facts_.epoch, facts_.head + 1);
    ask(facts_.epoch, facts_.last);
  }
  void take_progress(const RedisReply& reply) {
    mirror_.learn_progress(number_at(reply, 1), number_at(reply, 2), number_at(reply, 3) == 1, number_at(reply, 6));
    ask(mirror_.reading().epoch, number_at(reply, 1));
  }
  void take_spread(const RedisReply& reply) {
    if (read_spread_reply(reply, facts_) == 0) return;
    mirror_.learn_spread(facts_);
    ask(facts_.epoch, facts_.last);
  }
  void take_seen(const RedisReply& reply) {
    std::vector<TicketNumber> beats;
    const std::uint32_t epoch = mirror_.take_heartbeats(beats, kMostHeartbeats);
    check(beats.size() <= kMostHeartbeats);
    for (std::size_t i = 1; i < reply.elements().size(); ++i) mirror_.remove(epoch, number_at(reply, i));
    mirror_.give_back_heartbeats(epoch, beats);
  }
  void pass(tacos::core::Nanos time) { now_ += time; }

 private:
  void ask(std::uint32_t epoch, TicketNumber number) {
    StoreCommand command;
    command.ref.epoch = epoch;
    command.ref.number = number;
    const auto answer = mirror_.answer(command, now_);
    if (answer == EventMirror::Answer::kAskStore || answer == EventMirror::Answer::kTooOld) return;
    check(command.view.position <= kMostTickets);
    check(command.view.poll_after >= tacos::core::Nanos(0) && command.view.waited >= tacos::core::Nanos(0));
  }

  EventMirror mirror_;
  LineFacts facts_;
  Instant now_ = Instant() + std::chrono::hours(1);
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  unsigned taken_for = data[0];
  RedisReplyReader reader({.max_bytes = 4096, .max_elements = 256});
  reader.feed({reinterpret_cast<const char*>(data + 1), size - 1});
  Gateway gateway;
  for (std::size_t replies = 0; replies < kMostReplies; ++replies) {
    if (reader.next() != RedisReplyReader::Status::kReply) return 0;
    const RedisReply& reply = reader.reply();
    const std::int64_t outcome = outcome_of(reply);
    check(outcome == -1 || outcome == kNoEvent || outcome == kSpread || (outcome >= 0 && outcome <= 9));
    if (taken_for % 4 == 0) gateway.take_ticket(reply);
    if (taken_for % 4 == 1) gateway.take_facts(reply);
    if (taken_for % 4 == 2) gateway.take_progress(reply);
    if (taken_for % 4 == 3) gateway.take_seen(reply);
    if (outcome == kSpread) gateway.take_spread(reply);
    gateway.pass(std::chrono::milliseconds(taken_for));
    taken_for = (taken_for >> 2) | (taken_for << 6 & 0xff);
  }
  return 0;
}
