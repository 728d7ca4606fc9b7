#include "seat_store_contract.h"

#include "tacos-gateway/backend/embedded_seats.h"
#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

class EmbeddedSeatsUnderTest final : public SeatsUnderTest {
 public:
  explicit EmbeddedSeatsUnderTest(const SeatsSetup& setup)
      : line_({setup.line, 3, nullptr}, clock_), seats_({setup.line.seats, setup.hold_ttl}, clock_) {}
  QueueStore& line() override { return line_; }
  SeatStore& seats(std::size_t) override { return seats_; }
  void pass(core::Nanos time) override {
    clock_.advance(time);
    line_.tick();
  }

 private:
  core::ManualClock clock_;
  EmbeddedStore line_;
  EmbeddedSeats seats_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, SeatStoreContract, testing::Values(SeatsFactory([](const SeatsSetup& setup) {
                           return std::make_unique<EmbeddedSeatsUnderTest>(setup);
                         })));

}  // namespace
}  // namespace tacos::gateway
