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

// Does nothing when there is one. Whoever is asked for the terms may ask for this inventory's locks in turn.
void SeatInventory::make_event(std::uint64_t key) {
  {
    const std::lock_guard lock(mutex_);
    if (events_.contains(key)) return;
  }
  const SeatTerms terms =
      options_.terms_of ? options_.terms_of(key) : SeatTerms{options_.seats, options_.price, options_.currency};
  const std::lock_guard lock(mutex_);
  auto [found, made] = events_.try_emplace(key);
  if (!made) return;
  found->second.seats.assign(terms.seats, Seat::kFree);
  found->second.counts.free = terms.seats;
  found->second.price = terms.price;
  found->second.currency = terms.currency;
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

Reservation SeatInventory::told(const std::string& id, const Held& held, SeatOutcome outcome) const {
  const Event& event = events_.at(held.owner.event);
  Reservation answer;
  answer.outcome = outcome;
  answer.reservation_id = id;
  answer.order_id = held.order_id;
  answer.seats = held.seats;
  answer.hold_expires_unix_ms = unix_ms(held.until);
  answer.event = held.owner.event;
  answer.inventory = event.counts;
  answer.amount = event.price * held.seats.size();
  answer.currency = event.currency;
  answer.payment = held.payment;
  return answer;
}

IntentOutcome SeatInventory::told_intent(const std::string& id, const Held& held, SeatOutcome outcome) const {
  IntentOutcome answer{.outcome = outcome, .reservation = told(id, held, outcome)};
  answer.intent = {held.intent_id, answer.reservation.amount, answer.reservation.currency, held.payment};
  return answer;
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
  if (!attempt.replay_only) make_event(owner.event);
  const std::lock_guard lock(mutex_);
  if (auto* const before = find_owned(owner)) {
    auto& [id, held] = *before;
    release_when_over(id, held);
    if (held.state == State::kReleased) return told(id, held, SeatOutcome::kLapsed);
    return told(id, held, held.attempt == attempt.name ? SeatOutcome::kOk : SeatOutcome::kReservedBefore);
  }
  const auto place = events_.find(owner.event);
  if (attempt.replay_only || place == events_.end()) return not_found();
  Event& event = place->second;
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
  Held held{.owner = owner,
            .seats = std::move(seats),
            .until = clock_.now() + options_.hold_ttl,
            .order_id = {},
            .attempt = std::string(attempt.name),
            .intent_id = {}};
  expiries_.push_back({held.until, id});
  by_ticket_.emplace(owner, id);
  const auto kept = reservations_.emplace(id, std::move(held)).first;
  return told(id, kept->second, SeatOutcome::kOk);
}

std::pair<const std::string, SeatInventory::Held>* SeatInventory::find_owned(const TicketRef& owner) {
  const auto id = by_ticket_.find(owner);
  return id == by_ticket_.end() ? nullptr : &*reservations_.find(id->second);
}

std::pair<const std::string, SeatInventory::Held>* SeatInventory::find_owned(const TicketRef& owner,
                                                                             std::string_view reservation_id) {
  auto* const found = find_owned(owner);
  return found == nullptr || found->first != reservation_id ? nullptr : found;
}

void SeatInventory::release(const std::string& id, Held& held) {
  Event& event = events_.at(held.owner.event);
  for (const std::uint32_t seat : held.seats) event.seats[seat - 1] = Seat::kFree;
  event.counts.held -= held.seats.size();
  event.counts.free += held.seats.size();
  ++event.counts.version;
  held.state = State::kReleased;
  released_.push_back({clock_.now() + options_.released_kept, id});
}

// Whether or not a sweep has seen it.
void SeatInventory::release_when_over(const std::string& id, Held& held) {
  if (held.state == State::kHeld && clock_.now() >= held.until) release(id, held);
}

IntentOutcome SeatInventory::make_intent(const TicketRef& owner, std::string_view reservation_id, std::uint64_t amount,
                                         std::string_view currency) {
  const std::lock_guard lock(mutex_);
  auto* const found = find_owned(owner, reservation_id);
  if (found == nullptr) return {.outcome = SeatOutcome::kNotFound};
  auto& [id, held] = *found;
  release_when_over(id, held);
  if (held.state == State::kReleased) return told_intent(id, held, SeatOutcome::kLapsed);
  if (held.state == State::kConfirmed) return told_intent(id, held, SeatOutcome::kConfirmed);
  if (held.payment == PaymentStatus::kApproved) return told_intent(id, held, SeatOutcome::kPaidBefore);
  const Event& event = events_.at(owner.event);
  if (currency != event.currency) return told_intent(id, held, SeatOutcome::kWrongCurrency);
  if (amount != event.price * held.seats.size()) return told_intent(id, held, SeatOutcome::kWrongAmount);
  if (held.intents >= options_.intents_per_reservation) {
    IntentOutcome refused = told_intent(id, held, SeatOutcome::kTooManyIntents);
    refused.retry_after = held.until - clock_.now();
    return refused;
  }
  ++held.intents;
  held.intent_id = random_id("pay_");
  held.payment = PaymentStatus::kCreated;
  return told_intent(id, held, SeatOutcome::kOk);
}

IntentOutcome SeatInventory::pay(const TicketRef& owner, std::string_view intent_id, bool approve) {
  const std::lock_guard lock(mutex_);
  auto* const found = find_owned(owner);
  if (found == nullptr) return {.outcome = SeatOutcome::kNotFound};
  auto& [id, held] = *found;
  if (held.payment == PaymentStatus::kNone || held.intent_id != intent_id) return {.outcome = SeatOutcome::kNotFound};
  release_when_over(id, held);
  if (held.state == State::kReleased) return told_intent(id, held, SeatOutcome::kLapsed);
  if (held.payment == PaymentStatus::kCreated) {
    held.payment = approve ? PaymentStatus::kApproved : PaymentStatus::kFailed;
  }
  return told_intent(id, held, SeatOutcome::kOk);
}

Reservation SeatInventory::confirm(const TicketRef& owner, std::string_view reservation_id,
                                   std::string_view intent_id) {
  const std::lock_guard lock(mutex_);
  auto* const found = find_owned(owner, reservation_id);
  if (found == nullptr) return not_found();
  auto& [id, held] = *found;
  release_when_over(id, held);
  if (held.state == State::kReleased) return told(id, held, SeatOutcome::kLapsed);
  if (held.payment == PaymentStatus::kNone || held.intent_id != intent_id) {
    return told(id, held, SeatOutcome::kNoPayment);
  }
  if (held.payment != PaymentStatus::kApproved) return told(id, held, SeatOutcome::kNotApproved);
  if (held.state == State::kHeld) {
    Event& event = events_.at(owner.event);
    for (const std::uint32_t seat : held.seats) event.seats[seat - 1] = Seat::kSold;
    event.counts.held -= held.seats.size();
    event.counts.sold += held.seats.size();
    ++event.counts.version;
    held.state = State::kConfirmed;
    held.order_id = random_id("ord_");
  }
  return told(id, held, SeatOutcome::kOk);
}

Reservation SeatInventory::cancel(const TicketRef& owner, std::string_view reservation_id) {
  const std::lock_guard lock(mutex_);
  auto* const found = find_owned(owner, reservation_id);
  if (found == nullptr) return not_found();
  auto& [id, held] = *found;
  if (held.state == State::kConfirmed) return told(id, held, SeatOutcome::kConfirmed);
  if (held.state == State::kHeld) release(id, held);
  return told(id, held, SeatOutcome::kOk);
}

Reservation SeatInventory::find(const TicketRef& owner) {
  const std::lock_guard lock(mutex_);
  const auto* const found = find_owned(owner);
  if (found == nullptr) return not_found();
  const auto& [id, held] = *found;
  const bool over = held.state == State::kReleased || (held.state == State::kHeld && clock_.now() >= held.until);
  return told(id, held, over ? SeatOutcome::kLapsed : SeatOutcome::kOk);
}

void SeatInventory::forget_released() {
  const auto found = reservations_.find(released_.front().reservation_id);
  released_.pop_front();
  if (found == reservations_.end()) return;  // its event was forgotten
  by_ticket_.erase(found->second.owner);
  reservations_.erase(found);
}

std::vector<SeatChange> SeatInventory::sweep() {
  const std::lock_guard lock(mutex_);
  const core::Instant now = clock_.now();
  std::vector<SeatChange> changes;
  for (; !expiries_.empty() && expiries_.front().until <= now; expiries_.pop_front()) {
    const auto found = reservations_.find(expiries_.front().reservation_id);
    if (found == reservations_.end() || found->second.state != State::kHeld) continue;
    const std::uint64_t key = found->second.owner.event;
    release(found->first, found->second);
    std::erase_if(changes, [&](const SeatChange& change) { return change.event == key; });
    changes.push_back({key, events_.at(key).counts});
  }
  while (!released_.empty() && released_.front().until <= now) forget_released();
  for (; released_.size() > options_.max_released; ++forgotten_early_) forget_released();
  return changes;
}

SeatInventory::Kept SeatInventory::kept() {
  const std::lock_guard lock(mutex_);
  return {reservations_.size(), forgotten_early_};
}

void SeatInventory::forget(std::uint64_t event) {
  const std::lock_guard lock(mutex_);
  if (events_.erase(event) == 0) return;  // nobody has ever held a seat of it
  std::erase_if(reservations_, [event](const auto& entry) { return entry.second.owner.event == event; });
  std::erase_if(by_ticket_, [event](const auto& entry) { return entry.first.event == event; });
  reservations_.rehash(0);
  by_ticket_.rehash(0);
}

StoreCommand::Inventory SeatInventory::inventory(std::uint64_t event) {
  make_event(event);
  const std::lock_guard lock(mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? StoreCommand::Inventory{} : found->second.counts;
}

}  // namespace tacos::gateway
