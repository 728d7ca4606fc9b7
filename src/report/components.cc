#include "report/components.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "report/reading.h"

namespace tacos::report {
namespace {

using measure::Component;
using measure::ComponentMean;
using measure::ComponentUse;
using measure::RunReport;
using NamedUses = std::vector<std::pair<std::string, ComponentUse>>;

const ComponentUse* use_named(const NamedUses& uses, const std::string& name) {
  const auto at = std::find_if(uses.begin(), uses.end(), [&](const auto& use) { return use.first == name; });
  return at == uses.end() ? nullptr : &at->second;
}

// What was seen for less than half an interval is a sliver of what was before, such as the last sample of a process
// that ended: too short for clocks that tick every 10 ms, and nothing to be said of a whole stretch.
bool is_sliver(const RunReport& r, const ComponentUse& use) {
  return use.observed_sec < 0.5 * r.interval_sec;
}

// Of the intervals that begin in [from, to), as everything else of a rung.
NamedUses uses_between(const RunReport& r, double from_sec, double to_sec) {
  NamedUses uses;
  for (const auto& component : r.components) {
    ComponentMean sum;
    for (const auto& interval : r.component_intervals) {
      if (interval.t_sec < from_sec || interval.t_sec >= to_sec) continue;
      if (const ComponentUse* use = use_named(interval.components, component.name)) sum.add(*use);
    }
    ComponentUse mean = sum.mean(component);
    if (mean.observed_sec > 0 && !is_sliver(r, mean)) uses.emplace_back(component.name, std::move(mean));
  }
  return uses;
}

void find_peak(const RunReport& r, Component& component, double from_sec, double to_sec) {
  component.peak_utilisation.reset();
  component.peak_at_sec = 0;
  for (const auto& interval : r.component_intervals) {
    if (interval.t_sec < from_sec || interval.t_sec >= to_sec) continue;
    const ComponentUse* use = use_named(interval.components, component.name);
    if (use == nullptr || !use->utilisation || is_sliver(r, *use)) continue;
    if (component.peak_utilisation && *use->utilisation <= *component.peak_utilisation) continue;
    component.peak_utilisation = use->utilisation;
    component.peak_at_sec = interval.t_sec;
  }
}

double end_of_schedule(const RunReport& r) {
  return r.schedule_sec > 0 ? std::min(r.schedule_sec, r.duration_sec) : r.duration_sec;
}

// Where the run gave out: the stretch, and the rate it was asked for there.
struct Break {
  NamedUses uses;
  double rate = 0;
};

std::optional<Break> find_break(const RunReport& r) {
  for (const auto& rung : r.rungs) {
    if (rung.verdict != "passed") return Break{rung.components, rung.planned_rps};
  }
  if (!r.rungs.empty()) return std::nullopt;
  if (const auto bend = find_bend(r)) {
    constexpr double kIntervalsOfABend = 3;
    return Break{uses_between(r, bend->t_sec, bend->t_sec + kIntervalsOfABend * r.interval_sec), bend->rate};
  }
  if (r.verdict == "passed") return std::nullopt;
  return Break{uses_between(r, r.warmup_sec, end_of_schedule(r)), r.rate.offered_rps};
}

using Nearest = NearestPart;

// The part that is nearest its limit. The machine as a whole comes in only where no part of it is near its own: "the
// machine" says less than the name of the part.
Nearest nearest_limit(const RunReport& r, const NamedUses& uses) {
  Nearest part, machine;
  for (const auto& component : r.components) {
    const ComponentUse* use = use_named(uses, component.name);
    if (use == nullptr || !use->utilisation) continue;
    Nearest& to = component.kind == "machine" ? machine : part;
    if (to.component == nullptr || *use->utilisation > to.utilisation) to = {&component, *use->utilisation};
  }
  if (part.component != nullptr && (part.utilisation >= kNearItsLimit || machine.component == nullptr)) return part;
  return machine.utilisation >= kNearItsLimit || part.component == nullptr ? machine : part;
}

// Parts that were not seen where the run gave out, and why: they may be what did.
std::string unseen(const RunReport& r, const NamedUses& uses) {
  std::string text;
  for (const auto& component : r.components) {
    if (use_named(uses, component.name) != nullptr) continue;
    text += fmt::format("; {} told nothing there", component.name);
    if (!component.note.empty()) text += fmt::format(" ({})", component.note);
  }
  return text;
}

std::string percent_of_limit(const Nearest& nearest) {
  return fmt::format("{:.0f} % of {}", nearest.utilisation * 100, limit_words(*nearest.component));
}

std::string rate_text(double rate) {
  return core::format_count(static_cast<std::uint64_t>(std::max(0.0, rate) + 0.5)) + "/s";
}

// The busiest the parts were when nothing gave out: of the rungs or, without rungs, in any interval.
Nearest highest_peak(const RunReport& r) {
  Nearest highest;
  for (const auto& rung : r.rungs) {
    if (const Nearest at = nearest_limit(r, rung.components); at.utilisation > highest.utilisation) highest = at;
  }
  if (!r.rungs.empty()) return highest;
  for (const auto& component : r.components) {
    if (component.kind == "machine" || !component.peak_utilisation) continue;
    if (*component.peak_utilisation > highest.utilisation) highest = {&component, *component.peak_utilisation};
  }
  return highest;
}

}  // namespace

std::optional<NearestPart> nearest_to_limit(const RunReport& r, const RunReport::Rung& rung) {
  const Nearest nearest = nearest_limit(r, rung.components);
  return nearest.component == nullptr ? std::nullopt : std::optional(nearest);
}

std::string limit_words(const Component& component) {
  const double cores = component.limit_cores;
  if (!(cores > 0)) return "";
  if (component.kind == "redis" && cores == 1) return "the one core that executes its commands";
  const std::string count = cores == 1 ? "one core" : fmt::format("{:g} cores", cores);
  if (component.kind == "machine") return fmt::format("its {}, all that runs there included", count);
  if (component.kind == "generator") return fmt::format("the {} its workers may use", count);
  return fmt::format("the {} it may use", count);
}

void sum_up_components(RunReport& r) {
  const double to = end_of_schedule(r);
  const NamedUses measured = uses_between(r, r.warmup_sec, to);
  for (auto& component : r.components) {
    const ComponentUse* use = use_named(measured, component.name);
    component.mean = use == nullptr ? ComponentUse{} : *use;
    find_peak(r, component, r.warmup_sec, to);
  }
  for (auto& rung : r.rungs) rung.components = uses_between(r, rung.from_sec, rung.to_sec);
}

void name_bottleneck(RunReport& r) {
  r.bottleneck = {};
  if (r.components.empty()) return;
  auto& b = r.bottleneck;
  const auto broken = find_break(r);
  if (!broken) {
    const Nearest highest = highest_peak(r);
    b.text = highest.component == nullptr
                 ? "nothing gave out, and no part told how much of its limit it used"
                 : fmt::format("nothing gave out; nearest to its limit was {}: {}{}", highest.component->name,
                               percent_of_limit(highest), r.rungs.empty() ? " in its busiest interval" : "");
    return;
  }
  const Nearest nearest = nearest_limit(r, broken->uses);
  if (nearest.component == nullptr) {
    b.text = fmt::format(
        "no part told how much of its limit it used at {}: give --observe a limit (,cores=N), or look at why its "
        "samples are missing",
        rate_text(broken->rate));
    return;
  }
  if (nearest.utilisation < kNearItsLimit) {
    b.text = fmt::format(
        "no observed component was near its limit at {}; the nearest was {}: {}{}. What binds may be what was "
        "not observed, a lock, or waiting for something else",
        rate_text(broken->rate), nearest.component->name, percent_of_limit(nearest), unseen(r, broken->uses));
    return;
  }
  b.component = nearest.component->name;
  b.utilisation = nearest.utilisation;
  b.from_rps = broken->rate;
  b.text = fmt::format("{} is the bottleneck from {} on: {}{}", b.component, rate_text(b.from_rps),
                       percent_of_limit(nearest), unseen(r, broken->uses));
}

}  // namespace tacos::report
