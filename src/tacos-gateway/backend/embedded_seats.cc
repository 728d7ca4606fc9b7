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

  void suspend(const KeyClaim& key) override { parts_.keys_.suspend(key.scoped_key); }

  std::vector<SeatChange> sweep() override {
    parts_.payments_.sweep();
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
        return parts_.keys_.finish(key.scoped_key, key.status, key.answer);
      case SeatCommand::Kind::kAbandonKey:
        return parts_.keys_.abandon(key.scoped_key);
      case SeatCommand::Kind::kHold:
        return take(command, parts_.seats_.hold(command.owner, command.quantity, command.wanted,
                                                {command.attempt, command.replay_only}));
      case SeatCommand::Kind::kConfirm:
        return confirm(command);
      case SeatCommand::Kind::kCancel:
        return take(command, parts_.seats_.cancel(command.owner, command.reservation_id));
      case SeatCommand::Kind::kMakeIntent:
        return make_intent(command);
      case SeatCommand::Kind::kPay:
        return pay(command);
    }
  }

  void claim(KeyClaim& key) {
    IdempotencyStore::Answer known = parts_.keys_.claim(key.scoped_key, key.body);
    key.claim = known.claim;
    key.resumed = known.resumed;
    key.status = known.status;
    key.answer = std::move(known.body);
  }

  static void take(SeatCommand& command, Reservation reservation) {
    command.reservation = std::move(reservation);
    command.outcome = command.reservation.outcome;
    // A hold that lapsed may have done so just now, by being asked for.
    command.report_inventory = command.outcome == SeatOutcome::kOk || command.outcome == SeatOutcome::kLapsed ||
                               command.outcome == SeatOutcome::kReservedBefore;
  }

  void confirm(SeatCommand& command) {
    const PaymentIntent intent = parts_.payments_.find(command.intent.id);
    if (!intent.found || intent.reservation_id != command.reservation_id) {
      command.outcome = SeatOutcome::kNoPayment;
    } else if (intent.status != PaymentStatus::kApproved) {
      command.outcome = SeatOutcome::kNotApproved;
    } else {
      take(command, parts_.seats_.confirm(command.owner, command.reservation_id));
    }
  }

  void make_intent(SeatCommand& command) {
    command.outcome = parts_.seats_.find(command.owner, command.reservation_id).outcome;
    if (command.outcome != SeatOutcome::kOk) return;
    command.intent = parts_.payments_.create(command.reservation_id, command.intent.amount, command.intent.currency);
  }

  void pay(SeatCommand& command) {
    const PaymentIntent known = parts_.payments_.find(command.intent.id);
    const bool owned =
        known.found && parts_.seats_.find(command.owner, known.reservation_id).outcome != SeatOutcome::kNotFound;
    command.outcome = owned ? SeatOutcome::kOk : SeatOutcome::kNotFound;
    if (owned) command.intent = parts_.payments_.process(known.id, command.approve);
  }

  EmbeddedSeats& parts_;
};

std::unique_ptr<SeatSession> EmbeddedSeats::open_session(boost::asio::any_io_executor) {
  return std::make_unique<Session>(*this);
}

}  // namespace tacos::gateway
