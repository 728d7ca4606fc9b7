#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace tacos::gateway {

// Which tickets wait, and how many of them stand before a given one: an order statistic over ticket numbers.
//
// A bit per ticket and a Fenwick tree (Fenwick 1994, "A new data structure for cumulative frequency tables") over the
// words of 64 bits. A position is the tree's prefix sum, log₂(n/64) steps, plus a population count: 13 steps and 19 KB
// of tree for 300,000 tickets. Growing doubles both; rebuilding the tree is linear in n/64, microseconds at a million
// tickets. Thread rule: none of its own; the event's lock covers it.
class WaitingIndex {
 public:
  // number is above every one appended before; the first is 1 or more. Numbers passed over do not wait.
  void append(std::uint64_t number) {
    const std::size_t word = number / 64;
    if (word >= words_.size()) grow(word + 1);
    words_[word] |= bit(number);
    add(word, 1);
    ++count_;
  }

  // All from first to last, which may be none: the same as appending each, and linear in n/64 when they are many.
  void append_all(std::uint64_t first, std::uint64_t last) {
    if (last < first + kFew) {
      for (std::uint64_t number = first; number <= last; ++number) append(number);
      return;
    }
    if (last / 64 >= words_.size()) words_.resize(std::bit_ceil(std::max<std::size_t>(last / 64 + 1, 64)));
    for (std::uint64_t number = first; number <= last;) {
      const std::uint64_t end = std::min(last + 1, (number / 64 + 1) * 64);
      words_[number / 64] |= bits_between(number, end);
      number = end;
    }
    count_ += last - first + 1;
    rebuild();
  }

  // All that wait up to a number: as append_all().
  void remove_up_to(std::uint64_t last) {
    std::uint64_t few = kFew;
    for (std::uint64_t number = first(); number != 0 && number <= last; number = first()) {
      if (few-- == 0) return remove_many(number, last);
      remove(number);
    }
  }

  // No effect on a ticket that does not wait.
  void remove(std::uint64_t number) {
    if (!contains(number)) return;
    const std::size_t word = number / 64;
    words_[word] &= ~bit(number);
    add(word, -1);
    --count_;
  }

  bool contains(std::uint64_t number) const {
    const std::size_t word = number / 64;
    return word < words_.size() && (words_[word] & bit(number)) != 0;
  }

  std::uint64_t count() const { return count_; }

  // 1 for the first of those that wait. The ticket waits.
  std::uint64_t position(std::uint64_t number) const {
    const std::size_t word = number / 64;
    const std::uint64_t up_to = words_[word] & (bit(number) | (bit(number) - 1));
    return sum_before(word) + static_cast<std::uint64_t>(std::popcount(up_to));
  }

  // How many wait whose number is smaller.
  std::uint64_t before(std::uint64_t number) const {
    const std::size_t word = number / 64;
    if (word >= words_.size()) return count_;
    return sum_before(word) + static_cast<std::uint64_t>(std::popcount(words_[word] & (bit(number) - 1)));
  }

  // The first waiting ticket numbered `from` or above; 0 when there is none.
  std::uint64_t next(std::uint64_t from) const {
    std::size_t word = from / 64;
    if (word >= words_.size()) return 0;
    std::uint64_t bits = words_[word] & ~(bit(from) - 1);
    while (bits == 0) {
      if (++word >= words_.size()) return 0;
      bits = words_[word];
    }
    return word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
  }

  // The first of all that wait; 0 when nobody does. Looks no further back than where the line began last time.
  std::uint64_t first() {
    if (count_ == 0) return 0;
    head_ = next(head_);
    return head_;
  }

  std::size_t memory_bytes() const { return words_.capacity() * 8 + tree_.capacity() * 4; }

 private:
  // Beyond as many at once the tree is built anew: a few microseconds for each million tickets of the line.
  static constexpr std::uint64_t kFew = 16 * 1024;

  static std::uint64_t bit(std::uint64_t number) { return std::uint64_t{1} << (number % 64); }

  void add(std::size_t word, int by) {
    for (std::size_t i = word + 1; i < tree_.size(); i += i & (~i + 1)) tree_[i] += static_cast<std::uint32_t>(by);
  }

  std::uint64_t sum_before(std::size_t word) const {
    std::uint64_t sum = 0;
    for (std::size_t i = word; i > 0; i -= i & (~i + 1)) sum += tree_[i];
    return sum;
  }

  // From one to before the other, of the same word.
  static std::uint64_t bits_between(std::uint64_t from, std::uint64_t end) {
    return ~(bit(from) - 1) & (end % 64 == 0 ? ~std::uint64_t{0} : bit(end) - 1);
  }

  void remove_many(std::uint64_t from, std::uint64_t last) {
    last = std::min(last, words_.size() * 64 - 1);
    for (std::uint64_t number = from; number <= last;) {
      const std::uint64_t end = std::min(last + 1, (number / 64 + 1) * 64);
      std::uint64_t& word = words_[number / 64];
      const std::uint64_t gone = word & bits_between(number, end);
      count_ -= static_cast<std::uint64_t>(std::popcount(gone));
      word &= ~gone;
      number = end;
    }
    rebuild();
  }

  void grow(std::size_t least) {
    words_.resize(std::bit_ceil(std::max<std::size_t>(least, 64)));
    rebuild();
  }

  void rebuild() {
    tree_.assign(words_.size() + 1, 0);
    for (std::size_t i = 1; i < tree_.size(); ++i) {
      tree_[i] += static_cast<std::uint32_t>(std::popcount(words_[i - 1]));
      const std::size_t parent = i + (i & (~i + 1));
      if (parent < tree_.size()) tree_[parent] += tree_[i];
    }
  }

  std::vector<std::uint64_t> words_;
  std::vector<std::uint32_t> tree_;  // 1-based, over words_
  std::uint64_t count_ = 0;
  std::uint64_t head_ = 1;  // nobody before it waits: tickets are appended behind and never wait again
};

}  // namespace tacos::gateway
