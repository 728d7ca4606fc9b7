#include "tacos-gateway/http/admin_guard.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace tacos::gateway {
namespace {

// Entries that are looked at to find one to forget.
constexpr std::size_t kLookedAt = 16;

// Whoever has an IPv6 address has 2^64 of them, those of its /64.
std::string network_of(std::string_view text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(text), error);
  if (error || !address.is_v6()) return std::string(text);
  if (address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::address_v6(bytes).to_string();
}

}  // namespace

core::Nanos AdminGuard::must_wait(std::string_view address, core::Instant now) {
  const std::string network = network_of(address);
  const std::lock_guard lock(mutex_);
  const auto found = forgiven_at_.find(network);
  if (found == forgiven_at_.end()) return core::Nanos(0);
  // One guess more must leave no more than kFreeGuesses unforgiven.
  const core::Nanos unforgiven = found->second - now;
  return std::max(core::Nanos(0), unforgiven + kRecovery - kFreeGuesses * kRecovery);
}

void AdminGuard::failed(std::string_view address, core::Instant now) {
  std::string network = network_of(address);
  const std::lock_guard lock(mutex_);
  if (forgiven_at_.size() >= kMostAddresses && !forgiven_at_.contains(network)) forget_one(now);
  core::Instant& forgiven_at = forgiven_at_.try_emplace(std::move(network), now).first->second;
  forgiven_at = std::max(forgiven_at, now) + kRecovery;
}

// The soonest free of some that lie side by side in the table: enough, and its cost is bounded.
void AdminGuard::forget_one(core::Instant now) {
  auto soonest = forgiven_at_.begin();
  std::size_t looked = 0;
  for (auto entry = forgiven_at_.begin(); entry != forgiven_at_.end() && looked < kLookedAt; ++entry, ++looked) {
    if (entry->second < soonest->second) soonest = entry;
    if (entry->second <= now) break;
  }
  forgiven_at_.erase(soonest);
}

std::size_t AdminGuard::addresses() {
  const std::lock_guard lock(mutex_);
  return forgiven_at_.size();
}

}  // namespace tacos::gateway
