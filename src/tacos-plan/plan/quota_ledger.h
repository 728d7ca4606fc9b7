#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tacos-plan/plan/plan.h"
#include "tacos-plan/prices/quotas.h"

namespace tacos::plan {

// Collects what is needed beside what is given. A limit that the catalogue does not have is left out.
class QuotaLedger {
 public:
  explicit QuotaLedger(const QuotaCatalogue& quotas) : quotas_(quotas) {}

  void add(std::string_view id, std::string name, double need, std::string advice) {
    const auto quota = quotas_.quota(id);
    if (!quota) return;
    add_limit(std::move(name), need, quota->value, quota->unit, quota->adjustable, std::move(advice),
              fmt::format("{}, {}", quota->source, quota->as_of));
  }
  void add_limit(std::string name, double need, double limit, std::string unit, bool adjustable, std::string advice,
                 std::string source) {
    checks_.push_back({std::move(name), need, limit, std::move(unit), need > limit, adjustable, std::move(advice),
                       std::move(source)});
  }
  std::vector<QuotaCheck> take() {
    std::stable_sort(checks_.begin(), checks_.end(),
                     [](const auto& a, const auto& b) { return a.need / a.limit > b.need / b.limit; });
    return std::move(checks_);
  }

 private:
  const QuotaCatalogue& quotas_;
  std::vector<QuotaCheck> checks_;
};

}  // namespace tacos::plan
