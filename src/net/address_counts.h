#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "net/peer_address.h"

namespace tacos::net {

// How many connections each address has, by PeerAddress::network(). Holds an entry for each address that has one, so
// the limit on connections is its limit too. Any thread; a lock, since it is asked once per connection, not per
// request.
class AddressCounts {
 public:
  AddressCounts();

  // A connection's place among those of its address, given back when this goes. Moved with the connection.
  class Place {
   public:
    Place() = default;
    Place(AddressCounts& counts, const PeerAddress& peer, std::size_t number)
        : counts_(&counts), peer_(peer), number_(number) {}
    ~Place() { give_back(); }
    Place(Place&& other) noexcept
        : counts_(std::exchange(other.counts_, nullptr)), peer_(other.peer_), number_(other.number_) {}
    Place& operator=(Place&&) = delete;

    // How many connections its address had when it was taken, this one included; 0 when it is not counted.
    std::size_t number() const { return number_; }

   private:
    void give_back() {
      if (counts_ != nullptr) counts_->remove(peer_);
    }
    AddressCounts* counts_ = nullptr;
    PeerAddress peer_;
    std::size_t number_ = 0;
  };

  Place add(const PeerAddress& peer);
  // That have a connection.
  std::size_t addresses() const;

 private:
  void remove(const PeerAddress& peer);

  // Keyed, so that a stranger with many addresses can't choose those that collide.
  struct Hash {
    std::uint64_t key;
    std::size_t operator()(const PeerAddress& peer) const;
  };

  mutable std::mutex mutex_;
  std::unordered_map<PeerAddress, std::size_t, Hash> counts_;
};

}  // namespace tacos::net
