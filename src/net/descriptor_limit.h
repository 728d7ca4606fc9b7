#pragma once

#include <cstdint>

namespace tacos::net {

// How many descriptors this process may have open.
struct DescriptorLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

// Raises the soft limit to the hard one (the shell's default of 1,024 would be a silent cap on connections) and returns
// what holds now. Where the system refuses, the limit stays as it was: the caller adapts to what it finds.
DescriptorLimit raise_descriptor_limit();

}  // namespace tacos::net
