#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace tacos::load {

// The waiting tokens of a worker's users, packed into slots of a few size classes: 300,000 tokens of 50 characters cost
// 64 bytes each instead of a string object and a heap block. Slots are reused; chunks are never given back during a
// run.
class TokenStore {
 public:
  static constexpr std::size_t kLongest = 4094;

  // Names a stored token; kNone names none.
  using Handle = std::uint32_t;
  static constexpr Handle kNone = 0;

  // kNone when the token is empty or longer than kLongest.
  Handle put(std::string_view token);
  // The view holds until the handle is dropped. Empty for kNone.
  std::string_view get(Handle handle) const;
  void drop(Handle handle);

 private:
  // Slots of 16, 32, … 256, 512, … 4096 bytes; two bytes of each hold the length.
  static constexpr std::size_t kClasses = 20;
  static constexpr std::uint32_t kIndexBits = 27;
  static constexpr std::uint32_t kSlotsPerChunk = 1024;

  struct SizeClass {
    std::vector<std::unique_ptr<char[]>> chunks;
    std::vector<std::uint32_t> free_slots;
    std::uint32_t used = 0;
  };

  static std::size_t class_for(std::size_t bytes);
  static std::size_t slot_bytes(std::size_t size_class);
  char* slot(std::size_t size_class, std::uint32_t index) const;

  std::array<SizeClass, kClasses> classes_;
};

}  // namespace tacos::load
