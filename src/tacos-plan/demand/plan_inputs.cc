#include "tacos-plan/demand/plan_inputs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/units.h"

namespace tacos::plan {
namespace {

using core::fail;

constexpr std::string_view kOriginalSource = "the original design, October 2025 (--profile original)";

// A value as its giver would write it: whole numbers with separators, the rest as short as they are.
std::string shown(double value, QuantityUnit unit) {
  if (unit == QuantityUnit::kShare) return fmt::format("{:g} ({:g}%)", value, value * 100);
  const bool whole = value == std::floor(value) && value >= 0 && value < 1e15;
  return whole ? core::format_count(static_cast<std::uint64_t>(value)) : fmt::format("{:g}", value);
}

std::string range_of(const QuantitySpec& spec) {
  return fmt::format("{}{} to {}{}", spec.unit == QuantityUnit::kCount ? "a whole number from " : "from ",
                     shown(spec.least, spec.unit), shown(spec.most, spec.unit),
                     spec.unit == QuantityUnit::kSeconds     ? " seconds"
                     : spec.unit == QuantityUnit::kPerSecond ? " per second"
                     : spec.unit == QuantityUnit::kBytes     ? " bytes"
                                                             : "");
}

bool fits(double value, const QuantitySpec& spec) {
  const bool broken = spec.unit == QuantityUnit::kCount && value != std::floor(value);
  return std::isfinite(value) && value >= spec.least && value <= spec.most && !broken;
}

std::string out_of_range(std::string_view called, std::string_view given, const QuantitySpec& spec) {
  return fmt::format("{}: {} is out of range: {} ({}) is {}", called, given, spec.name, spec.meaning, range_of(spec));
}

// "1000", "3k", "1.5M", "2e5"; NaN when it is no number.
double read_number(std::string_view text) {
  double factor = 1;
  if (text.ends_with("/s")) text.remove_suffix(2);
  if (text.ends_with('k')) factor = 1e3;
  if (text.ends_with('M')) factor = 1e6;
  if (factor != 1) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole_text = error == std::errc() && end == text.data() + text.size();
  return whole_text ? value * factor : std::numeric_limits<double>::quiet_NaN();
}

// In the quantity's own unit; NaN when it is no value of that kind.
double read_value(std::string_view text, QuantityUnit unit) {
  if (unit == QuantityUnit::kSeconds) {
    if (const auto duration = core::parse_duration(text)) return core::to_seconds(*duration);
  } else if (unit == QuantityUnit::kShare) {
    if (const auto share = core::parse_ratio(text)) return *share;
  }
  return read_number(text);
}

template <class Choice>
struct Named {
  std::string_view name;
  Choice value;
};
constexpr Named<PositionStrategy> kPositions[] = {{"keys", PositionStrategy::kKeys},
                                                  {"index", PositionStrategy::kIndex},
                                                  {"watermark", PositionStrategy::kWatermark}};
constexpr Named<PollPolicy> kPolls[] = {{"fixed", PollPolicy::kFixed}, {"by-position", PollPolicy::kByPosition}};
constexpr Named<PriceEra> kEras[] = {{"current", PriceEra::kCurrent}, {"before-2024-11", PriceEra::kBefore202411}};
constexpr Named<RedisEngine> kEngines[] = {{"redis", RedisEngine::kRedis}, {"valkey", RedisEngine::kValkey}};
constexpr Named<Profile> kProfiles[] = {{"tacos", Profile::kTacos}, {"original", Profile::kOriginal}};
constexpr Named<AtSellOut> kAtSellOut[] = {{"stop", AtSellOut::kStop}, {"go-on", AtSellOut::kGoOn}};
constexpr Named<Purchases> kPurchases[] = {{"elsewhere", Purchases::kElsewhere}, {"gateway", Purchases::kGateway}};

template <class Choice, std::size_t N>
std::string_view name_in(const Named<Choice> (&names)[N], Choice value) {
  for (const auto& named : names) {
    if (named.value == value) return named.name;
  }
  return "";
}

template <class Choice, std::size_t N>
std::string values_of(const Named<Choice> (&names)[N]) {
  std::string text;
  for (const auto& named : names) text += (text.empty() ? "" : ", ") + std::string(named.name);
  return text;
}

template <class Choice, std::size_t N>
core::Result<void> choose_from(const Named<Choice> (&names)[N], std::string_view value, std::string_view called,
                               Choice& into) {
  for (const auto& named : names) {
    if (named.name == value) {
      into = named.value;
      return {};
    }
  }
  return fail(fmt::format("{}: '{}' is not one of {}", called, value, values_of(names)));
}

}  // namespace

std::string_view name_of(PositionStrategy value) {
  return name_in(kPositions, value);
}
std::string_view name_of(PollPolicy value) {
  return name_in(kPolls, value);
}
std::string_view name_of(PriceEra value) {
  return name_in(kEras, value);
}
std::string_view name_of(RedisEngine value) {
  return name_in(kEngines, value);
}
std::string_view name_of(Profile value) {
  return name_in(kProfiles, value);
}
std::string_view name_of(AtSellOut value) {
  return name_in(kAtSellOut, value);
}
std::string_view name_of(Purchases value) {
  return name_in(kPurchases, value);
}

PlanInputs::PlanInputs() {
  for (const auto& spec : all_quantities()) {
    values_[static_cast<std::size_t>(spec.id)] = {spec.value, std::string(spec.source), false};
  }
}

core::Result<void> PlanInputs::set(Quantity quantity, double value, std::string source, std::string_view called) {
  const auto& spec = spec_of(quantity);
  if (!fits(value, spec)) return fail(out_of_range(called, fmt::format("{:g}", value), spec));
  values_[static_cast<std::size_t>(quantity)] = {value, std::move(source), true};
  return {};
}

core::Result<void> PlanInputs::set_text(Quantity quantity, std::string_view text, std::string source,
                                        std::string_view called) {
  const auto& spec = spec_of(quantity);
  // A leading minus is understood only to be refused by the range, which says more than "not a number".
  const bool negative = text.starts_with('-');
  const double value = read_value(negative ? text.substr(1) : text, spec.unit);
  if (std::isnan(value)) {
    return fail(fmt::format("{}: '{}' is not a value of {} ({}), which is {}{}", called, text, spec.name, spec.meaning,
                            range_of(spec), spec.unit == QuantityUnit::kSeconds ? ", such as 90s or 5m" : ""));
  }
  // As it was typed: 150% and not 1.5, 9d and not 777600.
  if (!fits(negative ? -value : value, spec)) return fail(out_of_range(called, text, spec));
  return set(quantity, negative ? -value : value, std::move(source), called);
}

// "m7g.2xlarge" has 8: sizes double from large, with 2. A size of another name leaves the number to its giver.
void PlanInputs::take_vcpus_of(std::string_view node) {
  auto& value = values_[static_cast<std::size_t>(Quantity::kNodeVcpu)];
  const std::string_view size = node.substr(std::min(node.size(), node.find('.') + 1));
  double vcpus = size == "large" ? 2 : size == "xlarge" ? 4 : 0;
  if (vcpus == 0 && size.ends_with("xlarge")) {
    vcpus = 4 * read_number(size.substr(0, size.size() - std::string_view("xlarge").size()));
  }
  if (value.given || !fits(vcpus, spec_of(Quantity::kNodeVcpu))) return;
  value = {vcpus, fmt::format("the size of a {}", node), false};
}

core::Result<void> PlanInputs::choose(std::string_view name, std::string_view value, std::string_view called) {
  if (name == "position") return choose_from(kPositions, value, called, position);
  if (name == "poll") return choose_from(kPolls, value, called, poll);
  if (name == "dynamodb_prices") return choose_from(kEras, value, called, dynamodb_prices);
  if (name == "redis_engine") return choose_from(kEngines, value, called, redis_engine);
  if (name == "at_sell_out") return choose_from(kAtSellOut, value, called, at_sell_out);
  if (name == "purchases") return choose_from(kPurchases, value, called, purchases);
  if (name == "profile") return choose_from(kProfiles, value, called, profile);
  // These three are looked up in the price list, which knows what there is.
  std::string* free = name == "region"         ? &region
                      : name == "redis_node"   ? &redis_node
                      : name == "gateway_node" ? &gateway_node
                                               : nullptr;
  if (free == nullptr) return fail(fmt::format("{}: there is no choice called '{}'", called, name));
  if (value.empty() || value.size() > 64) return fail(fmt::format("{}: needs a name of 1 to 64 letters", called));
  *free = value;
  if (free == &gateway_node) take_vcpus_of(value);
  return {};
}

void PlanInputs::apply_profile(Profile chosen) {
  profile = chosen;
  if (chosen != Profile::kOriginal) return;
  position = PositionStrategy::kIndex;
  dynamodb_prices = PriceEra::kBefore202411;
  at_sell_out = AtSellOut::kGoOn;
  using enum Quantity;
  constexpr std::pair<Quantity, double> kValues[] = {{kStatusResponseBytes, 1000},
                                                     {kRedisShards, 5},
                                                     {kRedisReplicas, 1},
                                                     {kSpotShare, 0.7},
                                                     {kSpotDiscount, 0.7},
                                                     {kPodCapacity, 1000},
                                                     {kPodUtilisation, 1},
                                                     {kErrorPromise, 0.01},
                                                     {kZones, 1},
                                                     {kUserIdBytes, 36}};
  for (const auto& [quantity, value] : kValues) {
    values_[static_cast<std::size_t>(quantity)] = {value, std::string(kOriginalSource), false};
  }
}

core::Result<void> PlanInputs::check() const {
  const auto& self = *this;
  if (self[Quantity::kPollShortest] > self[Quantity::kPollLongest]) {
    return fail(fmt::format("poll_shortest_sec ({:g}) is longer than poll_longest_sec ({:g})",
                            self[Quantity::kPollShortest], self[Quantity::kPollLongest]));
  }
  if (self[Quantity::kHeartbeatInterval] > self[Quantity::kHeartbeatTtl]) {
    return fail(fmt::format(
        "heartbeat_interval_sec ({:g}) is longer than heartbeat_ttl_sec ({:g}): everyone would be taken for absent",
        self[Quantity::kHeartbeatInterval], self[Quantity::kHeartbeatTtl]));
  }
  if (self[Quantity::kPollShare] * (1 + self[Quantity::kPollJitter]) >= 1) {
    return fail(
        fmt::format("poll_share ({:g}) and poll_jitter ({:g}): users would be told to ask again after their turn; "
                    "poll_share × (1 + "
                    "poll_jitter) must be below 1",
                    self[Quantity::kPollShare], self[Quantity::kPollJitter]));
  }
  const double asks_every = poll == PollPolicy::kFixed ? self[Quantity::kPollInterval] : self[Quantity::kPollLongest];
  if (asks_every * (1 + self[Quantity::kPollJitter]) > self[Quantity::kHeartbeatTtl]) {
    return fail(fmt::format(
        "users who ask every {:g} s (and up to {:g} % later) lapse before heartbeat_ttl_sec ({:g}): ask more often, or "
        "raise heartbeat_ttl_sec",
        asks_every, self[Quantity::kPollJitter] * 100, self[Quantity::kHeartbeatTtl]));
  }
  return {};
}

std::vector<ChoiceSpec> all_choices() {
  return {{"profile", "tacos|original", "tacos: reckoned as described; original: as the 2025 design reckoned"},
          {"region", "", "whose prices apply"},
          {"position", "keys|index|watermark", "how a status answer finds its position in Redis"},
          {"poll", "fixed|by-position", "when users ask again"},
          {"at_sell_out", "stop|go-on", "whether admission stops at the last seat and the line is told"},
          {"purchases", "elsewhere|gateway",
           "who keeps seats and payments: a system of yours, or tacos-gateway on the line's Redis"},
          {"redis_engine", "redis|valkey", "whose node prices and memory layout apply"},
          {"redis_node", "", "node type of Redis"},
          {"gateway_node", "", "node type under the gateway's pods"},
          {"dynamodb_prices", "current|before-2024-11", "DynamoDB's prices on demand, halved in November 2024"}};
}

std::string choice_value(const PlanInputs& inputs, std::string_view name) {
  if (name == "profile") return std::string(name_of(inputs.profile));
  if (name == "region") return inputs.region;
  if (name == "position") return std::string(name_of(inputs.position));
  if (name == "poll") return std::string(name_of(inputs.poll));
  if (name == "at_sell_out") return std::string(name_of(inputs.at_sell_out));
  if (name == "purchases") return std::string(name_of(inputs.purchases));
  if (name == "redis_engine") return std::string(name_of(inputs.redis_engine));
  if (name == "redis_node") return inputs.redis_node;
  if (name == "gateway_node") return inputs.gateway_node;
  if (name == "dynamodb_prices") return std::string(name_of(inputs.dynamodb_prices));
  return {};
}

}  // namespace tacos::plan
