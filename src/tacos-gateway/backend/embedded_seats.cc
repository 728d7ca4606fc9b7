#include "tacos-gateway/backend/embedded_seats.h"

#include <utility>

namespace tacos::gateway {

class EmbeddedSeats::Session final : public SeatSession {
 public:
  explicit Session(EmbeddedSeats& parts) : parts_(parts) {}

  void submit(SeatCommand& command) override {
    command.outcome = SeatOutcome::kOk;
    command.report_inventory = false;
    run(command);
    command.done(command);
  }

  void suspend(const KeyClaim& key) override { parts_.keys_.suspend(key.owner, key.scoped_key); }

  std::vector<SeatChange> sweep() override {
    parts_.keys_.sweep();
    return parts_.seats_.sweep();
  }

 private:
  void run(SeatCommand& command) {
    KeyClaim& key = command.key;
    switch (command.kind) {
      case SeatCommand::Kind::kClaimKey:
        return claim(key);
      case SeatCommand::Kind::kFinishKey:
        return parts_.keys_.finish(key.owner, key.scoped_key, key.status, key.answer);
      case SeatCommand::Kind::kAbandonKey:
        return parts_.keys_.abandon(key.owner, key.scoped_key);
      case SeatCommand::Kind::kHold:
        return take(command, parts_.seats_.hold(command.owner, command.quantity, command.wanted,
                                                {command.attempt, command.replay_only}));
      case SeatCommand::Kind::kConfirm:
        return take(command, parts_.seats_.confirm(command.owner, command.reservation_id, command.intent.id));
      case SeatCommand::Kind::kCancel:
        return take(command, parts_.seats_.cancel(command.owner, command.reservation_id));
      case SeatCommand::Kind::kMakeIntent:
        return take(command, parts_.seats_.make_intent(command.owner, command.reservation_id, command.intent.amount,
                                                       command.intent.currency));
      case SeatCommand::Kind::kPay:
        return take(command, parts_.seats_.pay(command.owner, command.intent.id, command.approve));
      case SeatCommand::Kind::kFindOfTicket:
        command.reservation = parts_.seats_.find(command.owner);
        command.outcome = command.reservation.outcome;
        return;
    }
  }

  void claim(KeyClaim& key) {
    IdempotencyStore::Answer known = parts_.keys_.claim(key.owner, key.scoped_key, key.body, key.ends_purchase);
    key.claim = known.claim;
    key.resumed = known.resumed;
    key.status = known.status;
    key.answer = std::move(known.body);
    key.retry_after = known.retry_after;
  }

  static void take(SeatCommand& command, Reservation reservation) {
    command.reservation = std::move(reservation);
    command.outcome = command.reservation.outcome;
    // A hold that lapsed may have done so just now, by being asked for.
    command.report_inventory = command.outcome == SeatOutcome::kOk || command.outcome == SeatOutcome::kLapsed;
  }

  static void take(SeatCommand& command, IntentOutcome answer) {
    command.reservation = std::move(answer.reservation);
    command.intent = std::move(answer.intent);
    command.retry_after = answer.retry_after;
    command.outcome = answer.outcome;
    command.report_inventory = command.outcome == SeatOutcome::kLapsed;
  }

  EmbeddedSeats& parts_;
};

std::unique_ptr<SeatSession> EmbeddedSeats::open_session(boost::asio::any_io_executor) {
  return std::make_unique<Session>(*this);
}

std::vector<StoreMetric> EmbeddedSeats::metrics() const {
  const SeatInventory::Kept kept = seats_.kept();
  return {
      {"idempotency_keys", "Idempotency keys in use or remembered.", false, static_cast<double>(keys_.entries())},
      {"reservations_kept", "Reservations held, sold, or remembered after they came to nothing.", false,
       static_cast<double>(kept.reservations)},
      {"reservations_forgotten_early_total", "Reservations that came to nothing and were forgotten for want of room.",
       true, static_cast<double>(kept.forgotten_early)},
  };
}

}  // namespace tacos::gateway
