#pragma once

#include <cstdint>

// Counts calls of operator new. Linking allocation_counter.cc replaces the operator in the whole program; only threads
// that asked for it are counted, so that a test's own client does not disturb.
namespace tacos::tests {

void count_allocations_of_this_thread();
void start_counting_allocations();
std::uint64_t stop_counting_allocations();

}  // namespace tacos::tests
