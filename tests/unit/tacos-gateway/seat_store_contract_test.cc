#include "seat_store_contract.h"

#include "tacos-gateway/backend/embedded_seats.h"
#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

class EmbeddedSeatsUnderTest final : public SeatsUnderTest {
 public:
  explicit EmbeddedSeatsUnderTest(const SeatsSetup& setup)
      : line_({setup.line, 3, nullptr}, clock_),
        seats_(inventory(setup), clock_, {.per_grant = setup.limits.keys_per_grant}) {}
  QueueStore& line() override { return line_; }
  SeatStore& seats(std::size_t) override { return seats_; }
  void pass(core::Nanos time) override {
    clock_.advance(time);
    line_.tick();
  }

 private:
  static SeatInventoryOptions inventory(const SeatsSetup& setup) {
    return {.seats = setup.line.seats,
            .hold_ttl = setup.hold_ttl,
            .price = setup.line.price,
            .currency = setup.line.currency,
            .intents_per_reservation = setup.limits.intents_per_reservation};
  }

  core::ManualClock clock_;
  EmbeddedStore line_;
  EmbeddedSeats seats_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, SeatStoreContract, testing::Values(SeatsFactory([](const SeatsSetup& setup) {
                           return std::make_unique<EmbeddedSeatsUnderTest>(setup);
                         })));

}  // namespace
}  // namespace tacos::gateway
