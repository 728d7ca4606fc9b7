#include "net/address_counts.h"

#include <cstring>
#include <random>

namespace tacos::net {
namespace {

std::uint64_t random_key() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of the result.
std::uint64_t mix(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
  return bits ^ (bits >> 31);
}

}  // namespace

AddressCounts::AddressCounts() : counts_(0, Hash{random_key()}) {}

std::size_t AddressCounts::Hash::operator()(const PeerAddress& peer) const {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, peer.bytes().data(), sizeof high);
  std::memcpy(&low, peer.bytes().data() + sizeof high, sizeof low);
  return mix(mix(high ^ key) + low + static_cast<std::uint64_t>(peer.family()));
}

AddressCounts::Place AddressCounts::add(const PeerAddress& peer) {
  const std::lock_guard lock(mutex_);
  return Place(*this, peer, ++counts_[peer.network()]);
}

void AddressCounts::remove(const PeerAddress& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(peer.network());
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

std::size_t AddressCounts::addresses() const {
  const std::lock_guard lock(mutex_);
  return counts_.size();
}

}  // namespace tacos::net
