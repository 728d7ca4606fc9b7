#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace tacos::plan {

// What a provider allows a new account, until someone asks for more.
struct Quota {
  std::string id{};  // "dynamodb.on_demand.table_write_units_per_second"
  double value = 0;
  std::string unit{};  // "write units per second"
  std::string source{};
  std::string url{};
  std::string as_of{};
  bool adjustable = false;  // raised on request; what is not adjustable has to be designed around
  bool verified = false;
  std::string note{};
};

// A value: copies are independent.
class QuotaCatalogue {
 public:
  static core::Result<QuotaCatalogue> built_in();

  explicit QuotaCatalogue(std::map<std::string, Quota, std::less<>> quotas) : quotas_(std::move(quotas)) {}

  // Fails with what to do when there is none of that id: there is no number to fall back on.
  core::Result<Quota> quota(std::string_view id) const;
  const std::map<std::string, Quota, std::less<>>& quotas() const { return quotas_; }

 private:
  std::map<std::string, Quota, std::less<>> quotas_;
};

// Reads schema tacos.quotas/1. Safe on any bytes. Fails with the file's name, JSON pointer, value and range.
core::Result<QuotaCatalogue> read_quotas(std::string_view json, std::string_view name_of_file);

}  // namespace tacos::plan
