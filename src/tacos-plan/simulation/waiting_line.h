#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace tacos::plan {

// The line: tickets 0, 1, 2 … in the order of joining, first come first served, with people leaving out of the middle.
// A ticket's position is exact: the set bits up to it, in words summed by blocks of 512 tickets, the blocks by a
// Fenwick tree (Fenwick 1994), which for a million tickets is 8 KB. While nobody has left the middle it is a
// subtraction. Thread rule: none.
class WaitingLine {
 public:
  explicit WaitingLine(std::uint32_t capacity)
      : users_(capacity), words_(capacity / 64 + kWordsPerBlock), tree_(capacity / kBlock + 2) {}

  std::uint32_t join(std::uint32_t user) {
    const std::uint32_t ticket = last_++;
    users_[ticket] = user;
    words_[ticket / 64] |= bit(ticket);
    change(ticket, 1);
    ++count_;
    return ticket;
  }

  // Does nothing when the ticket is no longer in line.
  bool remove(std::uint32_t ticket) {
    if (!holds(ticket)) return false;
    words_[ticket / 64] &= ~bit(ticket);
    change(ticket, UINT32_MAX);
    --count_;
    holes_ = true;
    return true;
  }

  // The user of the first ticket, which leaves the line. It must not be empty.
  std::uint32_t call() {
    while (!holds(head_)) ++head_;
    words_[head_ / 64] &= ~bit(head_);
    change(head_, UINT32_MAX);
    --count_;
    return users_[head_++];
  }

  bool holds(std::uint32_t ticket) const { return (words_[ticket / 64] & bit(ticket)) != 0; }
  std::uint32_t count() const { return count_; }

  // 1-based; the ticket must be in line.
  std::uint32_t position(std::uint32_t ticket) const {
    if (!holes_) return ticket - head_ + 1;
    std::uint32_t ahead = 0;
    for (std::uint32_t i = ticket / kBlock; i > 0; i &= i - 1) ahead += tree_[i];
    for (std::uint32_t word = ticket / kBlock * kWordsPerBlock; word < ticket / 64; ++word) {
      ahead += static_cast<std::uint32_t>(std::popcount(words_[word]));
    }
    return ahead + static_cast<std::uint32_t>(std::popcount(words_[ticket / 64] & (bit(ticket) | (bit(ticket) - 1))));
  }

 private:
  static constexpr std::uint32_t kBlock = 512;
  static constexpr std::uint32_t kWordsPerBlock = kBlock / 64;

  static std::uint64_t bit(std::uint32_t ticket) { return std::uint64_t{1} << (ticket % 64); }
  // by is 1, or the unsigned number that adds up to −1.
  void change(std::uint32_t ticket, std::uint32_t by) {
    for (std::uint32_t i = ticket / kBlock + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += by;
  }

  std::vector<std::uint32_t> users_;
  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> tree_;  // 1-based: entry i covers the blocks (i − (i & −i), i], counted from 1
  std::uint32_t head_ = 0;
  std::uint32_t last_ = 0;
  std::uint32_t count_ = 0;
  bool holes_ = false;
};

}  // namespace tacos::plan
