#include "model/ledger.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace tacos::model {
namespace {

constexpr std::size_t kExamples = 2;

// Ids and numbers differ from user to user; the sentence is what counts.
std::string without_ids(const std::string& message) {
  std::string text;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
    std::size_t end = i;
    while (end < message.size() && is_hex(message[end])) ++end;
    if (end - i >= 16) {
      text += "…";
      i = end - 1;
    } else if (std::isdigit(static_cast<unsigned char>(message[i])) != 0 && message[i - (i > 0)] == ' ') {
      text += "N";
      while (i + 1 < message.size() && std::isdigit(static_cast<unsigned char>(message[i + 1])) != 0) ++i;
    } else {
      text += message[i];
    }
  }
  return text;
}

std::string percentiles(std::vector<unsigned> values) {
  if (values.empty()) return "none";
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return fmt::format("p50 {}, p99 {}, p99.9 {}, max {}", at(0.5), at(0.99), at(0.999), values.back());
}

}  // namespace

std::string_view text_of(Final state) {
  switch (state) {
    case Final::kBought:
      return "bought";
    case Final::kSoldOut:
      return "sold out";
    case Final::kLeft:
      return "left for good";
    case Final::kNone:
      break;
  }
  return "no final state";
}

void Ledger::note_answer(std::string_view call, int status, std::string_view code, const std::string& message,
                         std::string_view next) {
  ++answers_[{std::string(call), status, std::string(code), without_ids(message), std::string(next)}];
}

void Ledger::note_user(const std::string& event, Final state, unsigned calls, unsigned calls_without_wait) {
  ++states_[{event, state}];
  calls_.push_back(calls);
  calls_without_wait_.push_back(calls_without_wait);
}

void Ledger::fault(const std::string& kind, const std::string& calls) {
  ++faults_total_;
  Fault& known = faults_[kind];
  ++known.count;
  if (known.examples.size() < kExamples) known.examples.push_back(calls);
}

void Ledger::note_order(const std::string& order_id, Order order) {
  for (const std::uint64_t seat : order.seats) {
    if (!sold_.emplace(order.event, seat).second) {
      fault("a seat is sold twice", fmt::format("seat {} of {}, again in {}", seat, order.event, order_id));
    }
  }
  if (!used_payments_.insert(order.payment).second) {
    fault("a payment is used for two orders", fmt::format("{} in {}", order.payment, order_id));
  }
  if (!orders_.emplace(order_id, std::move(order)).second) fault("two users have one order", order_id);
}

std::uint64_t Ledger::in_state(const std::string& event, Final state) const {
  const auto found = states_.find({event, state});
  return found == states_.end() ? 0 : found->second;
}

std::uint64_t Ledger::seats_sold(const std::string& event) const {
  std::uint64_t seats = 0;
  for (const auto& [id, order] : orders_) seats += order.event == event ? order.seats.size() : 0;
  return seats;
}

void Ledger::print() const {
  fmt::print("final states\n");
  for (const auto& [state, users] : states_) {
    fmt::print("  {:<8} {:<16} {:>7}\n", state.first, text_of(state.second), users);
  }
  fmt::print("calls per user: {}\n", percentiles(calls_));
  fmt::print("most calls in a row without a wait: {}\n", percentiles(calls_without_wait_));
  fmt::print("what users did beside the journey\n");
  for (const auto& [trick, times] : tricks_) fmt::print("  {:>7}  {}\n", times, trick);
  fmt::print("answers, and what their users did next\n");
  for (const auto& [answer, times] : answers_) {
    const auto& [call, status, code, message, next] = answer;
    fmt::print("  {:>7}  {:<8} {} {:<22} → {:<8} {}\n", times, call, status, code, next, message);
  }
  for (const auto& [kind, fault] : faults_) {
    fmt::print("FAULT: {} ({} times)\n", kind, fault.count);
    for (const std::string& calls : fault.examples) fmt::print("{}\n", calls);
  }
}

}  // namespace tacos::model
