#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/prices/dated_json.h"
#include "tacos-plan/prices/price_catalogue.h"

namespace tacos::plan {
namespace {

constexpr double kMostUsd = 1e6;     // of one unit; nothing that is sold by the hour or the request costs more
constexpr double kMostUnits = 1e15;  // where a tier may end
constexpr std::size_t kMostTiers = 64;

struct Source {
  std::string words;
  std::string url;
};

std::map<std::string, Source> read_sources(const JsonEntry& root) {
  std::map<std::string, Source> sources;
  root.each_member("sources", [&](const std::string& name, const JsonEntry& entry) {
    entry.allow({"words", "url"});
    sources[name] = {entry.text("words"), entry.text_or_empty("url")};
  });
  return sources;
}

// Either "usd" alone, or "tiers" whose ends rise and whose last has none.
std::vector<PriceTier> read_tiers(const JsonEntry& entry) {
  if (entry.has("usd") == entry.has("tiers")) {
    throw JsonFault{fmt::format("{}: needs either usd or tiers, and not both", entry.pointer())};
  }
  if (entry.has("usd")) return {{.usd = entry.number("usd", 0, kMostUsd)}};
  const std::size_t count = entry.list_size("tiers");
  if (count < 1 || count > kMostTiers) {
    entry.fault("tiers", fmt::format("has {} tiers; 1 to {} are allowed", count, kMostTiers));
  }
  std::vector<PriceTier> tiers;
  double before = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const JsonEntry tier = entry.element("tiers", i);
    tier.allow({"up_to", "usd"});
    PriceTier read{.usd = tier.number("usd", 0, kMostUsd)};
    const bool last = i + 1 == count;
    if (last && tier.has("up_to")) tier.fault("up_to", "the last tier has no end; leave it out");
    if (!last) {
      read.up_to = tier.number("up_to", 0, kMostUnits);
      if (read.up_to <= before) tier.fault("up_to", fmt::format("{} is not above {}", read.up_to, before));
      before = read.up_to;
    }
    tiers.push_back(read);
  }
  return tiers;
}

bool is_id(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 120 && std::all_of(text.begin(), text.end(), plain);
}

Price read_price(const std::string& id, const JsonEntry& entry, const std::map<std::string, Source>& sources) {
  entry.allow({"usd", "tiers", "unit", "source", "as_of", "verified", "note"});
  if (!is_id(id)) {
    throw JsonFault{fmt::format("{}: an id has 1 to 120 of a-z, 0-9, '.', '_' and '-'", entry.pointer())};
  }
  const std::string name = entry.text("source");
  const auto source = sources.find(name);
  if (source == sources.end()) entry.fault("source", "is not a member of /sources");
  return {.id = id,
          .tiers = read_tiers(entry),
          .unit = entry.text("unit"),
          .source = source->second.words,
          .url = source->second.url,
          .as_of = entry.date("as_of"),
          .verified = entry.truth("verified"),
          .note = entry.text_or_empty("note")};
}

}  // namespace

core::Result<PriceCatalogue> read_prices(std::string_view json, std::string_view name_of_file) {
  return read_dated_json<PriceCatalogue>(json, "tacos.prices/1", name_of_file, [](const JsonEntry& root) {
    root.allow({"schema", "region", "currency", "extends", "note", "sources", "prices"});
    if (root.text("currency") != "USD") root.fault("currency", "is not USD, the one currency that tacos counts in");
    const auto sources = read_sources(root);
    std::map<std::string, Price, std::less<>> prices;
    root.each_member("prices", [&](const std::string& id, const JsonEntry& entry) {
      prices.emplace(id, read_price(id, entry, sources));
    });
    PriceCatalogue catalogue(root.text("region"), root.text_or_empty("note"), std::move(prices));
    catalogue.set_extends(root.text_or_empty("extends"));
    return catalogue;
  });
}

}  // namespace tacos::plan
