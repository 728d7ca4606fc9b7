#include "tacos-gateway/backend/seat_inventory.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

Reservation not_found() {
  Reservation none;
  none.outcome = SeatOutcome::kNotFound;
  return none;
}

}  // namespace

std::string random_id(std::string_view prefix) {
  std::array<unsigned char, 16> bytes{};
  SecureRandom::of_this_thread().fill(bytes);
  std::string id(prefix);
  for (const unsigned char byte : bytes) fmt::format_to(std::back_inserter(id), "{:02x}", byte);
  return id;
}

SeatInventory::SeatInventory(SeatInventoryOptions options, const core::Clock& clock)
    : options_(options),
      clock_(clock),
      unix_ms_at_origin_(std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch() - clock.now().since_origin())
                             .count()) {}

std::int64_t SeatInventory::unix_ms(core::Instant at) const {
  return unix_ms_at_origin_ + std::chrono::duration_cast<std::chrono::milliseconds>(at.since_origin()).count();
}

SeatInventory::Event& SeatInventory::event_of(std::uint64_t key) {
  auto [found, made] = events_.try_emplace(key);
  if (made) {
    found->second.seats.assign(options_.seats, Seat::kFree);
    found->second.counts.free = options_.seats;
  }
  return found->second;
}

// Takes the lowest free numbers, from where the last search ended on. False, with nothing taken, when too few are free.
bool SeatInventory::choose(Event& event, std::uint32_t quantity, std::vector<std::uint32_t>& seats) {
  if (quantity > event.counts.free) return false;
  const auto total = static_cast<std::uint32_t>(event.seats.size());
  for (std::uint32_t looked = 0; looked < total && seats.size() < quantity; ++looked) {
    if (event.next_free >= total) event.next_free = 0;
    if (event.seats[event.next_free] == Seat::kFree) seats.push_back(event.next_free + 1);
    ++event.next_free;
  }
  return seats.size() == quantity;
}

Reservation SeatInventory::told(const std::string& id, const Held& held, SeatOutcome outcome) {
  Reservation answer;
  answer.outcome = outcome;
  answer.reservation_id = id;
  answer.order_id = held.order_id;
  answer.seats = held.seats;
  answer.hold_expires_unix_ms = unix_ms(held.until);
  answer.event = held.owner.event;
  answer.inventory = event_of(held.owner.event).counts;
  return answer;
}

Reservation SeatInventory::repeated(const std::string& id, Held& held, const HoldAttempt& attempt) {
  if (held.state == State::kHeld && clock_.now() >= held.until) release(held, event_of(held.owner.event));
  if (held.attempt != attempt.name) return told(id, held, SeatOutcome::kReservedBefore);
  return told(id, held, held.state == State::kReleased ? SeatOutcome::kLapsed : SeatOutcome::kOk);
}

SeatOutcome SeatInventory::refusal(const Event& event, const std::vector<std::uint32_t>& wanted) const {
  if (event.counts.free + event.counts.held == 0) return SeatOutcome::kSoldOut;
  const std::set<std::uint32_t> distinct(wanted.begin(), wanted.end());
  for (const std::uint32_t seat : wanted) {
    if (seat < 1 || seat > event.seats.size() || distinct.size() != wanted.size()) return SeatOutcome::kNoSuchSeat;
    if (event.seats[seat - 1] != Seat::kFree) return SeatOutcome::kTaken;
  }
  return SeatOutcome::kOk;
}

Reservation SeatInventory::hold(const TicketRef& owner, std::uint32_t quantity,
                                const std::vector<std::uint32_t>& wanted, HoldAttempt attempt) {
  const std::lock_guard lock(mutex_);
  if (const auto before = by_ticket_.find(owner); before != by_ticket_.end()) {
    return repeated(before->second, reservations_.at(before->second), attempt);
  }
  if (attempt.replay_only) return not_found();
  Event& event = event_of(owner.event);
  Reservation refused;
  refused.event = owner.event;
  refused.inventory = event.counts;
  refused.outcome = refusal(event, wanted);
  if (refused.outcome != SeatOutcome::kOk) return refused;
  std::vector<std::uint32_t> seats = wanted;
  if (wanted.empty() && !choose(event, quantity, seats)) {
    refused.outcome = SeatOutcome::kTaken;
    return refused;
  }
  for (const std::uint32_t seat : seats) event.seats[seat - 1] = Seat::kHeld;
  event.counts.free -= seats.size();
  event.counts.held += seats.size();
  ++event.counts.version;
  const std::string id = random_id("res_");
  Held held{owner, State::kHeld, std::move(seats), clock_.now() + options_.hold_ttl, {}, std::string(attempt.name)};
  expiries_.push_back({held.until, id});
  by_ticket_.emplace(owner, id);
  const auto kept = reservations_.emplace(id, std::move(held)).first;
  return told(id, kept->second, SeatOutcome::kOk);
}

SeatInventory::Held* SeatInventory::find_owned(const TicketRef& owner, std::string_view reservation_id) {
  const auto found = reservations_.find(std::string(reservation_id));
  return found == reservations_.end() || !(found->second.owner == owner) ? nullptr : &found->second;
}

void SeatInventory::release(Held& held, Event& event) {
  for (const std::uint32_t seat : held.seats) event.seats[seat - 1] = Seat::kFree;
  event.counts.held -= held.seats.size();
  event.counts.free += held.seats.size();
  ++event.counts.version;
  held.state = State::kReleased;
}

Reservation SeatInventory::confirm(const TicketRef& owner, std::string_view reservation_id) {
  const std::lock_guard lock(mutex_);
  Held* const held = find_owned(owner, reservation_id);
  if (held == nullptr) return not_found();
  Event& event = event_of(owner.event);
  if (held->state == State::kHeld && clock_.now() >= held->until) release(*held, event);
  if (held->state == State::kReleased) return told(std::string(reservation_id), *held, SeatOutcome::kLapsed);
  if (held->state == State::kHeld) {
    for (const std::uint32_t seat : held->seats) event.seats[seat - 1] = Seat::kSold;
    event.counts.held -= held->seats.size();
    event.counts.sold += held->seats.size();
    ++event.counts.version;
    held->state = State::kConfirmed;
    held->order_id = random_id("ord_");
  }
  return told(std::string(reservation_id), *held, SeatOutcome::kOk);
}

Reservation SeatInventory::cancel(const TicketRef& owner, std::string_view reservation_id) {
  const std::lock_guard lock(mutex_);
  Held* const held = find_owned(owner, reservation_id);
  if (held == nullptr) return not_found();
  if (held->state == State::kConfirmed) return told(std::string(reservation_id), *held, SeatOutcome::kConfirmed);
  if (held->state == State::kHeld) release(*held, event_of(owner.event));
  return told(std::string(reservation_id), *held, SeatOutcome::kOk);
}

Reservation SeatInventory::find(const TicketRef& owner, std::string_view reservation_id) {
  const std::lock_guard lock(mutex_);
  Held* const held = find_owned(owner, reservation_id);
  if (held == nullptr) return not_found();
  const bool lapsed = held->state == State::kReleased || (held->state == State::kHeld && clock_.now() >= held->until);
  return told(std::string(reservation_id), *held, lapsed ? SeatOutcome::kLapsed : SeatOutcome::kOk);
}

std::vector<SeatChange> SeatInventory::sweep() {
  const std::lock_guard lock(mutex_);
  const core::Instant now = clock_.now();
  std::vector<SeatChange> changes;
  while (!expiries_.empty() && expiries_.front().until <= now) {
    const auto found = reservations_.find(expiries_.front().reservation_id);
    expiries_.pop_front();
    if (found == reservations_.end()) continue;
    Held& held = found->second;
    if (held.state == State::kHeld) {
      const std::uint64_t key = held.owner.event;
      release(held, event_of(key));
      std::erase_if(changes, [&](const SeatChange& change) { return change.event == key; });
      changes.push_back({key, event_of(key).counts});
    }
    // A lapsed hold needs no memory of its own: asking for it finds nothing, which is what it is. Sold ones stay.
    if (held.state != State::kReleased) continue;
    by_ticket_.erase(held.owner);
    reservations_.erase(found);
  }
  return changes;
}

void SeatInventory::forget(std::uint64_t event) {
  const std::lock_guard lock(mutex_);
  events_.erase(event);
  std::erase_if(reservations_, [event](const auto& entry) { return entry.second.owner.event == event; });
  std::erase_if(by_ticket_, [event](const auto& entry) { return entry.first.event == event; });
  reservations_.rehash(0);
  by_ticket_.rehash(0);
}

StoreCommand::Inventory SeatInventory::inventory(std::uint64_t event) {
  const std::lock_guard lock(mutex_);
  return event_of(event).counts;
}

}  // namespace tacos::gateway
