#include "queue_store_contract.h"

#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

using std::chrono::milliseconds;

class EmbeddedUnderTest final : public StoreUnderTest {
 public:
  explicit EmbeddedUnderTest(const LineOptions& options) : store_({options, 3, nullptr}, clock_) {}
  QueueStore& store() override { return store_; }
  void pass(core::Nanos time) override {
    for (core::Nanos done{0}; done < time; done += milliseconds(10)) {
      clock_.advance(milliseconds(10));
      store_.tick();
    }
  }

 private:
  core::ManualClock clock_;
  EmbeddedStore store_;
};

const StoreFactory kEmbedded = [](const LineOptions& options) { return std::make_unique<EmbeddedUnderTest>(options); };
INSTANTIATE_TEST_SUITE_P(Embedded, QueueStoreContract, testing::Values(kEmbedded));
INSTANTIATE_TEST_SUITE_P(Embedded, QueueStoreForgetting, testing::Values(kEmbedded));

}  // namespace
}  // namespace tacos::gateway
