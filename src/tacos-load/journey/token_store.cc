#include "tacos-load/journey/token_store.h"

#include <cstring>

namespace tacos::load {
namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kFineClasses = 16;  // 16 to 256 bytes in steps of 16; then doubling

}  // namespace

std::size_t TokenStore::class_for(std::size_t bytes) {
  if (bytes <= 256) return (bytes + 15) / 16 - 1;
  std::size_t size_class = kFineClasses;
  while (slot_bytes(size_class) < bytes) ++size_class;
  return size_class;
}

std::size_t TokenStore::slot_bytes(std::size_t size_class) {
  return size_class < kFineClasses ? (size_class + 1) * 16 : std::size_t{512} << (size_class - kFineClasses);
}

char* TokenStore::slot(std::size_t size_class, std::uint32_t index) const {
  return classes_[size_class].chunks[index / kSlotsPerChunk].get() + (index % kSlotsPerChunk) * slot_bytes(size_class);
}

TokenStore::Handle TokenStore::put(std::string_view token) {
  if (token.empty() || token.size() > kLongest) return kNone;
  const std::size_t size_class = class_for(token.size() + kLengthBytes);
  SizeClass& home = classes_[size_class];
  std::uint32_t index = 0;
  if (!home.free_slots.empty()) {
    index = home.free_slots.back();
    home.free_slots.pop_back();
  } else {
    if (home.used + 1 >= (1u << kIndexBits)) return kNone;
    if (home.used % kSlotsPerChunk == 0) {
      home.chunks.push_back(std::make_unique<char[]>(kSlotsPerChunk * slot_bytes(size_class)));
      home.free_slots.reserve(home.chunks.size() * kSlotsPerChunk);  // so that drop() never allocates
    }
    index = home.used++;
  }
  char* to = slot(size_class, index);
  const auto length = static_cast<std::uint16_t>(token.size());
  std::memcpy(to, &length, kLengthBytes);
  std::memcpy(to + kLengthBytes, token.data(), token.size());
  return (static_cast<Handle>(size_class) << kIndexBits | index) + 1;
}

std::string_view TokenStore::get(Handle handle) const {
  if (handle == kNone) return {};
  const Handle packed = handle - 1;
  const char* from = slot(packed >> kIndexBits, packed & ((1u << kIndexBits) - 1));
  std::uint16_t length = 0;
  std::memcpy(&length, from, kLengthBytes);
  return {from + kLengthBytes, length};
}

void TokenStore::drop(Handle handle) {
  if (handle == kNone) return;
  const Handle packed = handle - 1;
  classes_[packed >> kIndexBits].free_slots.push_back(packed & ((1u << kIndexBits) - 1));
}

}  // namespace tacos::load
