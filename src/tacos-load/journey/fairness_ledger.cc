#include "tacos-load/journey/fairness_ledger.h"

#include <algorithm>
#include <utility>

namespace tacos::load {
namespace {

// Sorts [from, to) and returns how many pairs stood the wrong way round; equal ones stand right either way.
std::uint64_t sort_counting(std::vector<std::uint32_t>& values, std::vector<std::uint32_t>& scratch, std::size_t from,
                            std::size_t to) {
  if (to - from < 2) return 0;
  const std::size_t middle = from + (to - from) / 2;
  std::uint64_t inversions = sort_counting(values, scratch, from, middle) + sort_counting(values, scratch, middle, to);
  std::size_t left = from, right = middle, out = from;
  while (left < middle && right < to) {
    if (values[right] < values[left]) {
      inversions += middle - left;
      scratch[out++] = values[right++];
    } else {
      scratch[out++] = values[left++];
    }
  }
  while (left < middle) scratch[out++] = values[left++];
  while (right < to) scratch[out++] = values[right++];
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(from), scratch.begin() + static_cast<std::ptrdiff_t>(to),
            values.begin() + static_cast<std::ptrdiff_t>(from));
  return inversions;
}

}  // namespace

measure::RunReport::Fairness FairnessLedger::judge() const {
  measure::RunReport::Fairness result;
  count_inversions(result);
  find_overtaken(result);
  return result;
}

void FairnessLedger::count_inversions(measure::RunReport::Fairness& to) const {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // joined, entered
  for (const Marks& m : marks_) {
    if (m.entered != kNever) order.emplace_back(m.join_due, m.entered);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::uint32_t> entered;
  entered.reserve(order.size());
  for (const auto& pair : order) entered.push_back(pair.second);
  std::vector<std::uint32_t> scratch(entered.size());
  to.compared = entered.size();
  to.inversions = sort_counting(entered, scratch, 0, entered.size());
  const double n = static_cast<double>(to.compared);
  to.inverted_share = to.compared > 1 ? static_cast<double>(to.inversions) / (n * (n - 1) / 2) : 0;
}

// Of everyone who joined after a user had a ticket, the one who was called in first decides: the user was overtaken if
// that was before their last "wait".
void FairnessLedger::find_overtaken(measure::RunReport::Fairness& to) const {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> called;  // join due, called in; latest joins first
  std::vector<std::pair<std::uint32_t, std::uint32_t>> waited;  // ticket, last wait; latest tickets first
  for (const Marks& m : marks_) {
    if (m.called != kNever) called.emplace_back(m.join_due, m.called);
    if (m.ticket != kNever && m.last_wait != kNever) waited.emplace_back(m.ticket, m.last_wait);
  }
  std::sort(called.rbegin(), called.rend());
  std::sort(waited.rbegin(), waited.rend());
  std::size_t next = 0;
  std::uint32_t first_call = kNever;
  std::uint32_t worst = 0;
  for (const auto& [ticket, last_wait] : waited) {
    while (next < called.size() && called[next].first > ticket)
      first_call = std::min(first_call, called[next++].second);
    if (first_call >= last_wait) continue;
    ++to.overtaken;
    worst = std::max(worst, last_wait - first_call);
  }
  to.worst_overtake_ms = static_cast<double>(worst) * kUnitNs / 1e6;
}

}  // namespace tacos::load
