#pragma once

#include <cstddef>

namespace tacos::support {

// Allocations by operator new in this program so far, all threads together. Linking allocation_counter.cc replaces the
// global operators, which is why each test program that wants to count lists that file among its own sources.
std::size_t allocations();

}  // namespace tacos::support
