#include "tacos-gateway/backend/payment_desk.h"

#include <utility>

namespace tacos::gateway {

PaymentDesk::Intent PaymentDesk::create(std::string_view reservation_id, std::uint64_t amount,
                                        std::string_view currency) {
  Intent intent{true,   random_id("pay_"),     std::string(reservation_id),
                amount, std::string(currency), PaymentStatus::kCreated};
  const std::lock_guard lock(mutex_);
  made_.push_back({clock_.now(), intent.id});
  intents_.emplace(intent.id, intent);
  return intent;
}

PaymentDesk::Intent PaymentDesk::process(std::string_view intent_id, bool approve) {
  const std::lock_guard lock(mutex_);
  const auto found = intents_.find(std::string(intent_id));
  if (found == intents_.end()) return {};
  Intent& intent = found->second;
  if (intent.status == PaymentStatus::kCreated)
    intent.status = approve ? PaymentStatus::kApproved : PaymentStatus::kFailed;
  return intent;
}

PaymentDesk::Intent PaymentDesk::find(std::string_view intent_id) {
  const std::lock_guard lock(mutex_);
  const auto found = intents_.find(std::string(intent_id));
  return found == intents_.end() ? Intent{} : found->second;
}

void PaymentDesk::sweep() {
  const std::lock_guard lock(mutex_);
  while (!made_.empty() && clock_.now() - made_.front().at >= kept_) {
    intents_.erase(made_.front().id);
    made_.pop_front();
  }
}

}  // namespace tacos::gateway
