#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// A server and a network in virtual time: the test says when each request would be answered and with what, and the
// clock jumps from event to event. An hour of load takes milliseconds, and arithmetic can say what must come out.
class SimulatedTransport final : public Transport {
 public:
  struct Answer {
    core::Instant at;  // when the answer is complete; Instant::never() for not at all
    int status = 200;
    std::string body;
    measure::Outcome outcome = measure::Outcome::kOk;
    core::Nanos retry_after{0};
  };
  using Server = std::function<Answer(const Request&, core::Instant sent)>;

  SimulatedTransport(core::ManualClock& clock, Server server) : clock_(clock), server_(std::move(server)) {}

  // The generator does not get the processor from..until: nothing is called in between.
  void freeze(core::Instant from, core::Instant until) { frozen_.push_back({from, until}); }

  core::Result<std::uint32_t> connect_all() override { return std::uint32_t{0}; }

  void send(ConnectionId connection, const Request& request, core::Instant timeout_at) override {
    const core::Instant sent = clock_.now();
    Answer answer = server_(request, sent);
    ++sends_;
    if (answer.at > timeout_at) {
      answer.at = timeout_at;
      answer.outcome = measure::Outcome::kTimeout;
      answer.status = 0;
      answer.body.clear();
    }
    events_.push({answer.at, order_++, connection, sent, std::move(answer)});
  }

  void run(TransportEvents& events) override {
    core::Instant wake = events.on_time(clock_.now());
    while (!events.finished()) {
      const bool answer_first = !events_.empty() && events_.top().at <= wake;
      const core::Instant at = thawed(answer_first ? events_.top().at : wake);
      if (at > clock_.now()) clock_.set(at);
      if (answer_first) {
        deliver(events);
      } else {
        const std::uint64_t before = sends_;
        wake = events.on_time(clock_.now());
        most_in_a_turn_ = std::max(most_in_a_turn_, sends_ - before);
      }
    }
  }

  TransportStats stats() const override { return {}; }
  std::uint64_t sends() const { return sends_; }
  // By one call of on_time, after the first.
  std::uint64_t most_in_a_turn() const { return most_in_a_turn_; }

 private:
  struct Event {
    core::Instant at;
    std::uint64_t order;
    ConnectionId connection;
    core::Instant sent;
    Answer answer;
    friend bool operator<(const Event& a, const Event& b) {  // the earliest on top
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  core::Instant thawed(core::Instant at) const {
    for (const auto& [from, until] : frozen_) {
      if (at >= from && at < until) return until;
    }
    return at;
  }

  void deliver(TransportEvents& events) {
    const Event event = events_.top();
    events_.pop();
    Response response;
    response.outcome = event.answer.outcome;
    response.status = event.answer.status;
    response.body = event.answer.body;
    response.retry_after = event.answer.retry_after;
    response.sent = event.sent;
    response.first_byte = response.done = clock_.now();
    events.on_response(event.connection, response);
  }

  core::ManualClock& clock_;
  Server server_;
  std::priority_queue<Event> events_;
  std::vector<std::pair<core::Instant, core::Instant>> frozen_;
  std::uint64_t order_ = 0;
  std::uint64_t sends_ = 0;
  std::uint64_t most_in_a_turn_ = 0;
};

}  // namespace tacos::load
