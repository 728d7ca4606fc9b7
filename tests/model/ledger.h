#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tacos::model {

enum class Final : std::uint8_t { kBought, kSoldOut, kLeft, kNone };
std::string_view text_of(Final state);

struct Order {
  std::string event;
  std::string payment;
  std::vector<std::uint64_t> seats;
};

// What all users have seen, for the checks and tables at the end. For one thread.
class Ledger {
 public:
  // An answer, with its ids taken out, and what its user does next.
  void note_answer(std::string_view call, int status, std::string_view code, const std::string& message,
                   std::string_view next);
  void note_trick(std::string_view trick) { ++tricks_[std::string(trick)]; }
  void note_user(const std::string& event, Final state, unsigned calls, unsigned calls_without_wait);
  // A fault of the gateway, with the calls of the user who met it. Only the first of each kind keep their calls.
  void fault(const std::string& kind, const std::string& calls);
  void note_order(const std::string& order_id, Order order);

  std::uint64_t in_state(const std::string& event, Final state) const;
  std::uint64_t users() const { return calls_.size(); }
  std::uint64_t faults() const { return faults_total_; }
  const std::map<std::string, Order>& orders() const { return orders_; }
  std::uint64_t seats_sold(const std::string& event) const;

  // Final states, calls per user, tricks, answers, faults.
  void print() const;

 private:
  struct Fault {
    std::uint64_t count = 0;
    std::vector<std::string> examples;
  };
  using Answer = std::tuple<std::string, int, std::string, std::string, std::string>;

  std::map<Answer, std::uint64_t> answers_;
  std::map<std::string, std::uint64_t> tricks_;
  std::map<std::pair<std::string, Final>, std::uint64_t> states_;
  std::vector<unsigned> calls_;
  std::vector<unsigned> calls_without_wait_;
  std::map<std::string, Fault> faults_;
  std::uint64_t faults_total_ = 0;
  std::map<std::string, Order> orders_;
  std::set<std::pair<std::string, std::uint64_t>> sold_;
  std::set<std::string> used_payments_;
};

}  // namespace tacos::model
