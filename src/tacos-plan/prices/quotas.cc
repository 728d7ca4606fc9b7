#include "tacos-plan/prices/quotas.h"

#include <utility>

#include <fmt/format.h>

#include "tacos-plan/prices/dated_json.h"
#include "tacos-plan/prices/embedded_prices.h"

namespace tacos::plan {
namespace {

constexpr double kMostValue = 1e15;

Quota read_quota(const std::string& id, const JsonEntry& entry) {
  entry.allow({"value", "unit", "source", "url", "as_of", "adjustable", "verified", "note"});
  return {.id = id,
          .value = entry.number("value", 0, kMostValue),
          .unit = entry.text("unit"),
          .source = entry.text("source"),
          .url = entry.text_or_empty("url"),
          .as_of = entry.date("as_of"),
          .adjustable = entry.truth("adjustable"),
          .verified = entry.truth("verified"),
          .note = entry.text_or_empty("note")};
}

}  // namespace

core::Result<QuotaCatalogue> QuotaCatalogue::built_in() {
  return read_quotas(kQuotasAws, "data/quotas/aws.json");
}

core::Result<Quota> QuotaCatalogue::quota(std::string_view id) const {
  const auto found = quotas_.find(id);
  if (found != quotas_.end()) return found->second;
  return core::fail(fmt::format("no limit '{}' is known; add it to data/quotas/aws.json with its source and date", id));
}

core::Result<QuotaCatalogue> read_quotas(std::string_view json, std::string_view name_of_file) {
  return read_dated_json<QuotaCatalogue>(json, "tacos.quotas/1", name_of_file, [](const JsonEntry& root) {
    root.allow({"schema", "provider", "note", "quotas"});
    std::map<std::string, Quota, std::less<>> quotas;
    root.each_member("quotas",
                     [&](const std::string& id, const JsonEntry& entry) { quotas.emplace(id, read_quota(id, entry)); });
    return QuotaCatalogue(std::move(quotas));
  });
}

}  // namespace tacos::plan
