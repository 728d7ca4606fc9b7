#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace tacos::net {

// Room for the one read a connection has outstanding at a time, so that starting it never allocates. Asio's own
// recycling keeps two blocks per thread, which a batch of answers exhausts at once.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* allocate(std::size_t size) {
    if (in_use_ || size > room_.size()) return ::operator new(size);
    in_use_ = true;
    return room_.data();
  }
  void deallocate(void* memory) {
    if (memory == room_.data()) {
      in_use_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::array<std::byte, 208> room_;
  bool in_use_ = false;
};

// What Asio asks of a completion handler's associated allocator.
template <class T>
class HandlerAllocator {
 public:
  using value_type = T;

  explicit HandlerAllocator(HandlerMemory& memory) : memory_(&memory) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(sizeof(T) * count)); }
  void deallocate(T* memory, std::size_t) { memory_->deallocate(memory); }

  friend bool operator==(const HandlerAllocator& a, const HandlerAllocator& b) { return a.memory_ == b.memory_; }

 private:
  template <class U>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

}  // namespace tacos::net
