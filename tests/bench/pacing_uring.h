#pragma once

#include <liburing.h>
#include <utility>
#include <vector>

#include "pacing_loop.h"

namespace tacos::bench {

// One io_uring_enter a turn: submits the sends (and receives) that were queued and waits, with a time-out of its own.
// Receives are one for each request, or one for each connection that stays armed (multishot, from a ring of buffers).
// Send lag is stamped when a send is queued, a few microseconds before the kernel carries it out.
class UringLoop final : public Loop {
 public:
  UringLoop(const Options& options, std::vector<int> sockets, long answer_bytes)
      : Loop(options, std::move(sockets), answer_bytes), multishot_(options.wait == "uring-multishot") {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = 32'768;
    if (const int e = io_uring_queue_init_params(256, &ring_, &params); e < 0) die("io_uring_setup", -e);
    const int e = io_uring_register_files(&ring_, sockets_.data(), static_cast<unsigned>(sockets_.size()));
    if (e < 0) die("io_uring_register_files", -e);
    if (!multishot_) return;
    io_uring_buf_reg reg{};
    reg.ring_addr = reinterpret_cast<std::uintptr_t>(buffers_);
    reg.ring_entries = kBuffers;
    if (const int error = io_uring_register_buf_ring(&ring_, &reg, 0); error < 0)
      die("io_uring_register_buf_ring", -error);
    for (std::uint16_t i = 0; i < kBuffers; ++i) give_back(i);
    for (std::size_t id = 0; id < sockets_.size(); ++id) receive(id);
  }

 private:
  static constexpr std::size_t kSend = SIZE_MAX;
  static constexpr unsigned kBuffers = 1024;
  static constexpr unsigned kBufferBytes = 1024;

  void give_back(std::uint16_t buffer) {
    auto* ring = reinterpret_cast<io_uring_buf_ring*>(buffers_);
    io_uring_buf_ring_add(ring, space_.data() + std::size_t{buffer} * kBufferBytes, kBufferBytes, buffer,
                          io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(ring, 1);
  }

  io_uring_sqe* entry() {
    io_uring_sqe* free = io_uring_get_sqe(&ring_);
    if (free != nullptr) return free;
    io_uring_submit(&ring_);
    return io_uring_get_sqe(&ring_);
  }

  void receive(std::size_t id) {
    io_uring_sqe* receive = entry();
    if (multishot_) {
      io_uring_prep_recv_multishot(receive, static_cast<int>(id), nullptr, 0, 0);
      receive->flags |= IOSQE_BUFFER_SELECT;
      receive->buf_group = 0;
    } else {
      io_uring_prep_recv(receive, static_cast<int>(id), space_.data(), static_cast<std::size_t>(answer_bytes_),
                         MSG_WAITALL);
    }
    receive->flags |= IOSQE_FIXED_FILE;
    receive->user_data = id;
  }

  void transmit(std::size_t id) override {
    io_uring_sqe* send = entry();
    io_uring_prep_send(send, static_cast<int>(id), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
    send->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    send->user_data = kSend;
    if (!multishot_) receive(id);
  }

  void wait(Instant now, Instant until) override {
    const Nanos left = std::max(until - now, Nanos(0));
    __kernel_timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    io_uring_cqe* first = nullptr;
    const int e = io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    if (e < 0 && e != -ETIME && e != -EINTR) die("io_uring_enter", -e);
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* answer = nullptr;
    io_uring_for_each_cqe(&ring_, head, answer) {
      ++seen;
      const std::size_t id = answer->user_data;
      if (id == kSend) die("send", -answer->res);
      if ((answer->flags & IORING_CQE_F_BUFFER) != 0) {
        give_back(static_cast<std::uint16_t>(answer->flags >> IORING_CQE_BUFFER_SHIFT));
      }
      if (answer->res != -ENOBUFS) on_bytes(id, answer->res);
      if (multishot_ && (answer->flags & IORING_CQE_F_MORE) == 0) receive(id);
    }
    io_uring_cq_advance(&ring_, seen);
  }

  bool multishot_;
  io_uring ring_{};
  std::vector<char> space_ = std::vector<char>(std::size_t{kBuffers} * kBufferBytes);
  void* buffers_ = std::aligned_alloc(4096, kBuffers * sizeof(io_uring_buf));  // lives as long as the program
};

}  // namespace tacos::bench
