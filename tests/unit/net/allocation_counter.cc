#include "unit/net/allocation_counter.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
thread_local bool counted_thread = false;

}  // namespace

void* operator new(std::size_t size) {
  if (counted_thread && counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace tacos::tests {

void count_allocations_of_this_thread() {
  counted_thread = true;
}

void start_counting_allocations() {
  allocations = 0;
  counting = true;
}

std::uint64_t stop_counting_allocations() {
  counting = false;
  return allocations.load();
}

}  // namespace tacos::tests
