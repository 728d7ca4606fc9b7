#include "queue_store_contract.h"

#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

class EmbeddedUnderTest final : public StoreUnderTest {
 public:
  explicit EmbeddedUnderTest(const LineOptions& options) : store_({options, 3, nullptr}, clock_) {}
  QueueStore& store() override { return store_; }
  void leap(core::Nanos time) override { clock_.advance(time); }
  std::int64_t unix_ms_now() override {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count() +
           (clock_.now() - made_) / milliseconds(1);
  }
  void pass(core::Nanos time) override {
    for (core::Nanos done{0}; done < time; done += milliseconds(10)) {
      clock_.advance(milliseconds(10));
      store_.tick();
    }
  }

 private:
  core::ManualClock clock_;
  const core::Instant made_ = clock_.now();
  EmbeddedStore store_;
};

const StoreFactory kEmbedded = [](const LineOptions& options) { return std::make_unique<EmbeddedUnderTest>(options); };
INSTANTIATE_TEST_SUITE_P(Embedded, QueueStoreContract, testing::Values(kEmbedded));
INSTANTIATE_TEST_SUITE_P(Embedded, QueueStoreEvents, testing::Values(kEmbedded));
INSTANTIATE_TEST_SUITE_P(Embedded, QueueStoreForgetting, testing::Values(kEmbedded));

}  // namespace
}  // namespace tacos::gateway
