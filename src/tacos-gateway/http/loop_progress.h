#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tacos-gateway/http/loop_mailbox.h"

namespace tacos::gateway {

// Whether the server threads still turn. Each loop is asked for a sign of life, and the next call looks whether it
// came: a thread that hangs leaves its question unanswered, and is asked no second one.
// Thread rule: watch() before the threads are asked; ask() by one thread.
class LoopProgress {
 public:
  void watch(std::shared_ptr<LoopMailbox> mailbox) { loops_.push_back({std::move(mailbox)}); }

  // Whether every loop has answered the question of the last call. Asks again those that have.
  bool ask() {
    bool all = true;
    for (Loop& loop : loops_) {
      if (loop.answered->load(std::memory_order_acquire) != loop.asked) {
        all = false;
        continue;
      }
      loop.mailbox->post([answered = loop.answered, question = ++loop.asked] {
        answered->store(question, std::memory_order_release);
      });
    }
    return all;
  }

 private:
  struct Loop {
    std::shared_ptr<LoopMailbox> mailbox;
    std::uint64_t asked = 0;
    std::shared_ptr<std::atomic<std::uint64_t>> answered = std::make_shared<std::atomic<std::uint64_t>>(0);
  };
  std::vector<Loop> loops_;
};

}  // namespace tacos::gateway
