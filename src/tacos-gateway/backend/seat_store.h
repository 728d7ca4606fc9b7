#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "core/clock.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// The numbers are also what lua/seat_prelude.lua answers.
enum class SeatOutcome : std::uint8_t {
  kOk,
  kTaken,  // a seat that was asked for by number is not free, or fewer are free than were asked for
  kNoSuchSeat,
  kSoldOut,         // every seat is sold
  kNotFound,        // no such reservation or payment, or somebody else's
  kLapsed,          // the hold ran out or was cancelled
  kConfirmed,       // cancel, make intent: it is sold already
  kReservedBefore,  // hold: another attempt has made this ticket's one reservation
  kNoPayment,       // confirm: this is not the reservation's payment
  kNotApproved,     // confirm: the payment is not approved
  kPaidBefore,      // make intent: a payment for the reservation is approved already
  kWrongAmount,     // make intent: not the price; reservation tells what is
  kWrongCurrency,   // likewise
  kTooManyIntents,  // make intent: the reservation has made as many as it may
  kOverloaded,      // nothing was done: too many commands are in flight
  kUnavailable,     // the store can't be reached: it may or may not have been done
};

// kNone: no intent was made.
enum class PaymentStatus : std::uint8_t { kNone, kCreated, kApproved, kFailed };

// What an event sells, and for how much.
struct SeatTerms {
  std::uint64_t seats = 10'000;  // numbered from 1
  std::uint64_t price = 100;     // of one seat, in the currency's smallest unit; 0: free
  std::string currency = "USD";  // ISO 4217
};

struct Reservation {
  SeatOutcome outcome = SeatOutcome::kOk;
  std::string reservation_id;
  std::string order_id;  // once confirmed
  std::vector<std::uint32_t> seats;
  std::int64_t hold_expires_unix_ms = 0;
  StoreCommand::Inventory inventory;  // of the event, right after
  std::uint64_t event = 0;
  // What the seats cost together. Without a currency the price is not known, and not checked: an earlier version made
  // the event.
  std::uint64_t amount = 0;
  std::string currency;
  PaymentStatus payment = PaymentStatus::kNone;  // of its last intent
};

struct PaymentIntent {
  std::string id;
  std::uint64_t amount = 0;
  std::string currency;
  PaymentStatus status = PaymentStatus::kCreated;
};

enum class Claim : std::uint8_t {
  kFresh,     // yours to work on: finish, abandon or suspend must follow
  kInFlight,  // another request with this key is at work
  kReplay,    // done before: here is the answer
  kConflict,  // the key was used with another body
  kTooMany,   // this ticket has used as many keys as it may for now: retry_after tells when there is room
  kFull,      // the store has as many keys as it may
};

// A client's idempotency key, scoped by whose it is and on which route.
struct KeyClaim {
  TicketRef owner = {};  // the ticket whose grant pays: keys are counted by it
  std::string scoped_key = {};
  std::uint64_t id = 0;        // tells this claim from an earlier one of the same key
  std::string_view body = {};  // kClaimKey: the request's; must stay valid until done
  // Of a request that ends a purchase, confirm or cancel: there is room for it when all other keys are used.
  bool ends_purchase = false;
  Claim claim = Claim::kFresh;
  // kFresh, but an earlier attempt was broken off: what it did is not known.
  bool resumed = false;
  int status = 0;           // of the answer: read by kFinishKey, told by kReplay
  std::string answer = {};  // likewise
  core::Nanos retry_after{0};
};

// One change of seats, payments or idempotency keys, owned by whoever submits it and untouched by them until done is
// called. Every kind may be repeated after kUnavailable: what was done once is not done twice.
struct SeatCommand {
  enum class Kind : std::uint8_t {
    kClaimKey,    // key.scoped_key, key.body → key
    kFinishKey,   // key with status and answer: whoever repeats the request gets this very answer
    kAbandonKey,  // key: nothing was done, it may be claimed again
    kHold,        // owner, attempt, quantity or wanted → reservation
    kConfirm,     // owner, reservation_id, intent.id → reservation, sold; confirming again gives the same order
    kCancel,      // owner, reservation_id → reservation
    // owner, reservation_id, intent's amount and currency → intent; replaces one that is not approved, which is no
    // more. kPaidBefore and kConfirmed tell the id of the approved one, kTooManyIntents that of the last, and
    // retry_after.
    kMakeIntent,
    kPay,  // owner, intent.id, approve → intent; one that is settled keeps its first answer while the hold lives
    kFindOfTicket,  // owner → reservation: kOk while held or sold, kLapsed once it has come to nothing, kNotFound
  };

  Kind kind = Kind::kHold;
  SeatOutcome outcome = SeatOutcome::kOk;
  KeyClaim key;
  TicketRef owner;             // the ticket whose grant pays: nobody else's reservations are seen
  std::string reservation_id;  // what it is about; kHold tells it in reservation

  // kHold. A ticket makes one reservation, ever: the same attempt gets the same one again, any other kReservedBefore.
  std::string attempt;
  bool replay_only = false;  // makes none: kNotFound when this attempt has not
  std::uint32_t quantity = 0;
  std::vector<std::uint32_t> wanted;  // by number; empty: of the store's choice

  PaymentIntent intent;
  bool approve = false;
  core::Nanos retry_after{0};  // kTooManyIntents: until the hold ends

  Reservation reservation;
  // The counts have changed and the line does not know yet: report reservation.inventory to the queue's store.
  bool report_inventory = false;

  // Called exactly once, on the session's executor or inside submit(); may submit the command again.
  void (*done)(SeatCommand&) = nullptr;
  void* context = nullptr;  // for done
};

// What has changed in an event though nobody asked.
struct SeatChange {
  std::uint64_t event = 0;
  StoreCommand::Inventory inventory;
};

// One thread's way to the seats. Not thread safe: each server thread opens its own.
class SeatSession {
 public:
  virtual ~SeatSession() = default;

  virtual void submit(SeatCommand& command) = 0;

  // The work under a key was broken off, and it is not known what was done: the same request may claim it again at
  // once, and is told so. Nobody waits for this; if it gets lost the claim lapses by itself.
  virtual void suspend(const KeyClaim& key) = 0;

  // Frees the seats of holds that ran out, a bounded slice a call, and forgets what is old. To be called every 100 ms
  // or so by one thread of each gateway. Returns what the line must be told.
  virtual std::vector<SeatChange> sweep() = 0;
};

// The seats of every event, the payments for them and the idempotency keys of those who buy: never a seat to two
// buyers, and one reservation for one ticket, over all gateways that share the store.
class SeatStore {
 public:
  virtual ~SeatStore() = default;
  virtual std::unique_ptr<SeatSession> open_session(boost::asio::any_io_executor executor) = 0;
  // What the store counts about itself. Any thread.
  virtual std::vector<StoreMetric> metrics() const { return {}; }
};

// How much those who were admitted may make, whichever store keeps it.
struct SeatLimits {
  std::uint64_t intents_per_reservation = 20;
  std::uint64_t keys_per_grant = 64;  // that are remembered or in use at the same time
  // Work that was refused gives its key back, but not for ever: so many times as many keys may be claimed while an
  // answer is kept.
  static constexpr std::uint64_t kClaimsPerKey = 16;
  // More that only confirm and cancel may use: whoever has spent all keys still pays for the seats or gives them back.
  static constexpr std::uint64_t kKeysToEnd = 8;

  std::uint64_t keys_for(const KeyClaim& key) const { return most_keys(keys_per_grant, key.ends_purchase); }
  static std::uint64_t most_keys(std::uint64_t keys_per_grant, bool ends_purchase) {
    return keys_per_grant + (ends_purchase ? kKeysToEnd : 0);
  }
};

struct TicketHash {
  std::size_t operator()(const TicketRef& ref) const {
    return std::hash<std::uint64_t>{}(ref.event ^ ref.number * 0x9e37'79b9'7f4a'7c15ULL ^ ref.epoch);
  }
};

// 128 random bits as 32 hexadecimal digits, with a prefix that tells what the id is of.
std::string random_id(std::string_view prefix);

}  // namespace tacos::gateway
