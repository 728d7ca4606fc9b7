#include "tacos-plan/report/simulation_document.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/rehearsal/findings.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/report/simulation_charts.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using Kind = Document::Column::Kind;
using Tone = Document::Tone;

constexpr double kBusy = 0.8;    // from here on a component is near its end
constexpr double kAgree = 0.05;  // what needs no explanation between a formula and a sale
constexpr double kBeyond = 10;   // from here on a utilisation is said in multiples

std::string count_of(std::uint64_t count) {
  return count_text(static_cast<double>(count));
}

// A time after the opening, or that it never came.
std::string moment(double sec) {
  return sec < 0 ? "never" : seconds_text(sec);
}

// "48 %", "225 times": a percentage of what is far beyond all there is says little.
std::string load_text(double utilisation) {
  return utilisation < kBeyond ? share_text(utilisation) : count_text(std::round(utilisation)) + " times";
}

std::string opened_with(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string saturation_of(const SaleSummary& s) {
  if (s.first_saturated < kComponents) {
    return fmt::format("First to saturate: {}, {} after the opening.",
                       called(static_cast<Component>(s.first_saturated)),
                       seconds_text(s.loads[s.first_saturated].saturated_at_sec));
  }
  const auto busiest = std::max_element(s.loads.begin(), s.loads.end(), [](const auto& a, const auto& b) {
    return a.peak_utilisation < b.peak_utilisation;
  });
  const auto component = static_cast<Component>(busiest - s.loads.begin());
  return fmt::format("Nothing saturated; the busiest, {}, came to {}.", called(component),
                     share_text(busiest->peak_utilisation));
}

std::string headline_of(const Rehearsal& r) {
  const SaleSummary& s = r.result.summary;
  std::string text;
  if (s.sold_out_sec >= 0) {
    text = fmt::format("The last seat was paid {} after the opening.", seconds_text(s.sold_out_sec));
  } else {
    text = fmt::format("{} of {} seats were sold in {}.", count_of(s.seats_sold), count_of(r.sale.seating.seats),
                       seconds_text(s.ended_sec));
  }
  if (const auto told = s.of(Ending::kToldSoldOut); told > 0) {
    text += fmt::format(" {} people were told so, the last after {}.", count_of(told),
                        seconds_text(s.wait_to_sold_out.max_sec));
  }
  if (const auto vain = s.of(Ending::kFoundNoSeat); vain > 0) {
    text += fmt::format(" {} were called in to find no seat, the last after {}.", count_of(vain),
                        seconds_text(s.wait_to_turn.max_sec));
  }
  return text + " " + saturation_of(s);
}

Document::Figures figures_of(const Rehearsal& r) {
  const SaleSummary& s = r.result.summary;
  const double longest = std::max(s.wait_to_turn.max_sec, s.wait_to_sold_out.max_sec);
  const bool told = s.of(Ending::kToldSoldOut) > 0 || s.of(Ending::kFoundNoSeat) == 0;
  const Document::Figure without =
      told ? Document::Figure{count_of(s.of(Ending::kToldSoldOut)), "told: sold out",
                              s.wait_to_sold_out.count > 0 ? "half within " + seconds_text(s.wait_to_sold_out.p50_sec)
                                                           : ""}
           : Document::Figure{count_of(s.of(Ending::kFoundNoSeat)), "let in to find no seat", "nobody was told"};
  return {{{moment(s.seats_gone_sec), "to the last seat taken", moment(s.sold_out_sec) + " to the last paid"},
           {count_of(s.of(Ending::kBought)), "bought", count_of(s.seats_sold) + " seats"},
           without,
           {seconds_text(longest), "longest wait", "for an answer"},
           {rate_text(s.peak_status_per_sec), "status requests", count_of(s.polls) + " in all"},
           {count_of(s.shed), "requests shed", share_text(static_cast<double>(s.shed) / std::max(1.0, r.requests()))},
           {fmt::format("{}", s.peak_pods), "gateway pods",
            fmt::format("{} at the opening", r.sale.gateway.pods_at_opening)},
           {share_text(s.loads[static_cast<std::size_t>(Component::kRedis)].peak_utilisation), "of Redis' thread",
            "in its busiest second"}}};
}

Document::Section endings_section(const Rehearsal& r) {
  Document::Table table{{{"how it ended"}, {"people", Kind::kNumber}, {"share", Kind::kBar}}, {}};
  const double all = r.sale.arrivals.users;
  for (std::size_t i = 0; i < kEndings; ++i) {
    const auto ending = static_cast<Ending>(i);
    const std::uint64_t users = r.users_of(ending);
    if (users == 0 && ending != Ending::kBought && ending != Ending::kToldSoldOut) continue;
    const bool bad = ending == Ending::kGaveUp || ending == Ending::kSwept;
    const bool vain = ending == Ending::kFoundNoSeat || ending == Ending::kUnfinished;
    const Tone tone = users == 0 ? Tone::kPlain : bad ? Tone::kBad : vain ? Tone::kCaution : Tone::kPlain;
    table.rows.push_back(
        {{std::string(name_of(ending)), count_of(users), Document::Cell::bar(static_cast<double>(users) / all, tone)}});
  }
  table.rows.push_back({{"all", count_text(all)}, true});
  return {"How it ended", {table}};
}

Document::Section waits_section(const SaleSummary& s) {
  Document::Table table{{{"from coming"},
                         {"people", Kind::kNumber, 1},
                         {"p50", Kind::kNumber},
                         {"p90", Kind::kNumber, 3},
                         {"p95", Kind::kNumber, 4},
                         {"p99", Kind::kNumber, 2},
                         {"longest", Kind::kNumber},
                         {"mean", Kind::kNumber, 5}},
                        {}};
  const auto row = [&](const char* name, const WaitSummary& w) {
    const auto text = [&](double sec) { return w.count > 0 ? seconds_text(sec) : std::string("–"); };
    table.rows.push_back({{name, count_of(w.count), text(w.p50_sec), text(w.p90_sec), text(w.p95_sec), text(w.p99_sec),
                           text(w.max_sec), text(w.mean_sec)}});
  };
  row("to being called in", s.wait_to_admission);
  row("to knowing it", s.wait_to_turn);
  row("to knowing it is sold out", s.wait_to_sold_out);
  return {"Waits", {table}};
}

Tone tone_of_load(const ComponentLoad& load) {
  return load.saturated_at_sec >= 0 ? Tone::kBad : load.peak_utilisation > kBusy ? Tone::kCaution : Tone::kGood;
}

Document::Section components_section(const SaleSummary& s) {
  Document::Table table{{{"component"}, {"busiest second", Kind::kBar}, {"nothing to spare from", Kind::kNumber}}, {}};
  for (std::size_t i = 0; i < kComponents; ++i) {
    const ComponentLoad& load = s.loads[i];
    table.rows.push_back(
        {{opened_with(called(static_cast<Component>(i))),
          Document::Cell::bar(load.peak_utilisation, tone_of_load(load)), moment(load.saturated_at_sec)}});
  }
  return {"What was loaded how much", {table}};
}

Document::Section against_section(const Rehearsal& r) {
  Document::Table table{{{"figure"},
                         {"plan", Kind::kNumber},
                         {"simulated", Kind::kNumber},
                         {"ratio", Kind::kNumber},
                         {"what may part them", Kind::kText, 1}},
                        {}};
  for (const auto& row : r.against) {
    const double ratio = row.ratio();
    const auto text = [&](double value) { return row.unit == "share" ? load_text(value) : shown(value, row.unit); };
    const std::string times = std::isfinite(ratio) ? "× " + number_text(ratio, "") : "–";
    const std::string why = std::abs(ratio - 1) <= kAgree ? "they agree" : row.why;
    table.rows.push_back({{row.what, text(row.planned), text(row.simulated), times, why}});
  }
  const Document::Paragraph how{
      "The plan's figures are closed formulas over averages; the simulation plays every user, so it shows what "
      "averages "
      "hide.",
      true};
  return {"Plan against simulation", {how, table}};
}

Document::Cell load_cell(double utilisation) {
  const Tone tone = utilisation >= 1 ? Tone::kBad : utilisation > kBusy ? Tone::kCaution : Tone::kPlain;
  return {load_text(utilisation), tone};
}

Document::Section ladder_section(const Rehearsal& r) {
  Document::Table table{{{"requests"},
                         {"pods needed", Kind::kNumber},
                         {"before", Kind::kNumber, 3},
                         {"after", Kind::kNumber},
                         {"fits after", Kind::kNumber, 4},
                         {"gateway", Kind::kNumber, 1},
                         {"Redis", Kind::kNumber},
                         {"backends", Kind::kNumber, 5},
                         {"shed", Kind::kNumber, 2}},
                        {}};
  for (const auto& rung : r.rungs) {
    const Tone shed = rung.shed > 0 ? Tone::kBad : Tone::kPlain;
    const double backends =
        std::max({rung.utilisation_of(Component::kReservation), rung.utilisation_of(Component::kInventory),
                  rung.utilisation_of(Component::kPayment)});
    table.rows.push_back({{(rung.down ? "down to " : "") + rate_text(rung.requests_per_sec),
                           count_of(rung.pods_needed),
                           count_of(rung.pods_before),
                           count_of(rung.pods_after),
                           rung.settled_sec < 0 ? std::string("not") : seconds_text(rung.settled_sec),
                           load_cell(rung.utilisation_of(Component::kGateway)),
                           load_cell(rung.utilisation_of(Component::kRedis)),
                           load_cell(backends),
                           {count_text(std::round(rung.shed)), shed}}});
  }
  const Document::Paragraph how{
      fmt::format(
          "Status requests climb step by step, each for {} and until the autoscaler has its pods ready, beginning "
          "with {} pods; {} are let in throughout. Utilisation is that at the step's end; of "
          "the backends that of the tightest.",
          seconds_text(r.ladder.hold_sec), r.ladder.gateway.pods_at_opening, rate_text(r.ladder.admission_per_sec)),
      true};
  return {"Climbing through rates of requests", {how, table}};
}

}  // namespace

Document simulation_document(const Rehearsal& r, const std::string& command) {
  Document document;
  document.title = "Simulated: " + title_of(r.plan.inputs);
  document.headline = headline_of(r);
  const auto worst = std::max_element(r.findings.begin(), r.findings.end(),
                                      [](const auto& a, const auto& b) { return a.severity < b.severity; });
  const Tone tone = worst == r.findings.end() ? Tone::kGood : tone_of(worst->severity);
  document.tone = tone == Tone::kPlain ? Tone::kGood : tone;
  for (const auto& finding : r.findings) {
    if (finding.severity == Severity::kConflict) document.reasons.push_back(finding.text);
  }
  document.sections.push_back({"", {figures_of(r)}});
  document.sections.push_back(warnings_section(r.findings));
  document.sections.push_back(endings_section(r));
  document.sections.push_back(waits_section(r.result.summary));
  document.sections.push_back(components_section(r.result.summary));
  document.sections.push_back(against_section(r));
  document.sections.push_back({"Over time", {simulation_charts(r)}});
  document.sections.push_back(ladder_section(r));
  document.origin = fmt::format("tacos-plan {} · {} · seed {}", kVersion, command, r.seed);
  return document;
}

}  // namespace tacos::plan
