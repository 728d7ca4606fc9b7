#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace tacos::plan {

// Who has to act at which tick, for a crowd in which each has at most one thing ahead: a calendar of one slot a tick,
// 82 s of it at 10 ms. What lies further off goes into the farthest slot and is moved on from there. Adding and taking
// cost the same whatever the number; the order within a tick is the order of adding, so that runs repeat exactly.
//
// A slot is a chain of small blocks out of one pool, sized once for the whole crowd. Thread rule: none.
class TimingWheel {
 public:
  explicit TimingWheel(std::uint32_t crowd) : blocks_(crowd / kEntries + kSlots + 4) {
    slots_.resize(kSlots);
    for (std::uint32_t i = 0; i < blocks_.size(); ++i) blocks_[i].next = i + 1;
    blocks_.back().next = kNone;
    free_ = 0;
  }

  // tick must lie after the one being taken.
  void add(std::uint32_t tick, std::uint32_t who) {
    ++count_;
    const std::uint32_t ahead = tick - now_;
    place((ahead < kSlots ? tick : now_ + kSlots - 1) % kSlots, Entry{who, tick});
  }

  // Calls act(who) for everyone due at `tick`, and soon(who) a few entries earlier, to have memory fetched. Every tick
  // must be taken in turn. act may add.
  template <class Soon, class Act>
  void take(std::uint32_t tick, Soon soon, Act act) {
    now_ = tick;
    std::uint32_t index = slots_[tick % kSlots].first;
    slots_[tick % kSlots] = Slot{};
    while (index != kNone) {
      Block& block = blocks_[index];
      if (block.next != kNone) {
        for (const Entry& entry : blocks_[block.next].entries) soon(entry.who);
      }
      for (std::uint32_t i = 0; i < block.used; ++i) {
        const Entry entry = block.entries[i];
        if (entry.tick != tick) [[unlikely]] {
          const std::uint32_t ahead = entry.tick - now_;
          place((ahead < kSlots ? entry.tick : now_ + kSlots - 1) % kSlots, entry);
          continue;
        }
        --count_;
        act(entry.who);
      }
      const std::uint32_t next = block.next;
      block.next = free_;
      block.used = 0;
      free_ = index;
      index = next;
    }
  }

  std::uint32_t count() const { return count_; }

 private:
  static constexpr std::uint32_t kSlots = 8192;
  static constexpr std::uint32_t kEntries = 15;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Entry {
    std::uint32_t who = 0;
    std::uint32_t tick = 0;
  };
  struct Block {
    std::uint32_t next = kNone;
    std::uint32_t used = 0;
    std::array<Entry, kEntries> entries{};
  };
  struct Slot {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };

  void place(std::uint32_t at, Entry entry) {
    Slot& slot = slots_[at];
    if (slot.last == kNone || blocks_[slot.last].used == kEntries) {
      const std::uint32_t fresh = free_;
      free_ = blocks_[fresh].next;
      blocks_[fresh].next = kNone;
      if (slot.last == kNone) {
        slot.first = fresh;
      } else {
        blocks_[slot.last].next = fresh;
      }
      slot.last = fresh;
    }
    Block& block = blocks_[slot.last];
    block.entries[block.used++] = entry;
  }

  std::vector<Block> blocks_;
  std::vector<Slot> slots_;
  std::uint32_t free_ = kNone;
  std::uint32_t count_ = 0;
  std::uint32_t now_ = 0;
};

}  // namespace tacos::plan
