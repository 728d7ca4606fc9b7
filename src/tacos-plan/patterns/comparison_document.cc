#include "tacos-plan/patterns/comparison_document.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/report/plan_document.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using Kind = Document::Column::Kind;
using Tone = Document::Tone;

std::string count_of(double value) {
  return count_text(value);
}
std::string count_of(std::uint64_t value) {
  return count_text(static_cast<double>(value));
}

// The simulations don't see below a tick.
std::string wait_text(double seconds) {
  return seconds < kPatternTickSec ? std::string("< 10 ms") : seconds_text(seconds);
}

Tone good_if(bool good) {
  return good ? Tone::kGood : Tone::kBad;
}

std::string capital(std::string_view name) {
  std::string text(name);
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

double share_of(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

std::size_t biting(const PatternResult& result) {
  return static_cast<std::size_t>(
      std::count_if(result.quotas.begin(), result.quotas.end(), [](const auto& quota) { return quota.bites; }));
}

const PartLoad& tightest(const PatternRun& run) {
  return *std::max_element(run.loads.begin(), run.loads.end(),
                           [](const auto& a, const auto& b) { return a.utilisation() < b.utilisation(); });
}

class FourColumns {
 public:
  explicit FourColumns(const Comparison& comparison) : comparison_(comparison) {
    table_.columns.push_back({""});
    for (const Pattern pattern : kAllPatterns) table_.columns.push_back({std::string(name_of(pattern)), Kind::kNumber});
  }
  void row(const char* name, const std::function<Document::Cell(const PatternResult&)>& cell, bool total = false) {
    Document::Row row{{name}, total};
    for (const auto& result : comparison_.patterns) row.cells.push_back(cell(result));
    table_.rows.push_back(std::move(row));
  }
  Document::Table take() { return std::move(table_); }

 private:
  const Comparison& comparison_;
  Document::Table table_;
};

void add_safety(const PlanInputs& in, FourColumns& t) {
  t.row("seats sold twice", [](const PatternResult& r) -> Document::Cell {
    return {count_of(r.oversold_mean), good_if(r.oversold_mean < 0.5)};
  });
  t.row("by rate × window", [](const PatternResult& r) -> Document::Cell {
    return r.conditional ? std::string("–") : count_of(r.oversold_formula);
  });
  t.row("sold, and nobody told", [](const PatternResult& r) -> Document::Cell {
    return {count_of(r.run.sold_to_nobody), good_if(r.run.sold_to_nobody == 0)};
  });
  t.row("users without an answer", [&](const PatternResult& r) -> Document::Cell {
    const double share = r.run.without_answer();
    return {share_text(share), good_if(share <= in[Quantity::kErrorPromise])};
  });
}

void add_waits(const PlanInputs& in, FourColumns& t) {
  const double most = in[Quantity::kTargetWait];
  const auto wait = [&](double seconds) -> Document::Cell { return {wait_text(seconds), good_if(seconds <= most)}; };
  t.row("to an answer, mean", [&](const PatternResult& r) { return wait(r.run.answer.mean_sec); });
  t.row("p95", [&](const PatternResult& r) { return wait(r.run.answer.p95_sec); });
  t.row("longest", [&](const PatternResult& r) { return wait(r.run.answer.max_sec); });
  t.row("in the dark, mean",
        [](const PatternResult& r) -> Document::Cell { return wait_text(r.run.feedback.mean_sec); });
  t.row("p95", [](const PatternResult& r) -> Document::Cell { return wait_text(r.run.feedback.p95_sec); });
}

Document::Table four(const Comparison& c) {
  const auto& in = c.plan.inputs;
  FourColumns t(c);
  t.row("", [](const PatternResult& r) -> Document::Cell {
    if (r.holds_if_guarded) return {"if guarded", Tone::kCaution};
    return {r.holds ? std::string("holds") : std::string("breaks"), good_if(r.holds)};
  });
  add_safety(in, t);
  add_waits(in, t);
  t.row("pairs out of order", [](const PatternResult& r) -> Document::Cell {
    return {share_text(r.run.inversions), good_if(r.run.inversions <= 0.05)};
  });
  t.row("seats bots get, at worst",
        [](const PatternResult& r) -> Document::Cell { return share_text(r.bot_share_of_seats); });
  t.row("requests for a seat, a user", [](const PatternResult& r) -> Document::Cell {
    return fmt::format("{:.2f}", share_of(r.run.attempts, r.run.all()));
  });
  t.row("tightest part's load", [](const PatternResult& r) -> Document::Cell {
    const double load = tightest(r.run).utilisation();
    return {share_text(load), good_if(load <= 1)};
  });
  t.row("default quotas that bite", [](const PatternResult& r) -> Document::Cell {
    const auto many = biting(r);
    return {fmt::format("{}", many), many == 0 ? Tone::kGood : Tone::kCaution};
  });
  t.row("an event", [](const PatternResult& r) -> Document::Cell { return usd_text(r.cost.per_event_usd); });
  t.row("standing, a month", [](const PatternResult& r) -> Document::Cell { return usd_text(r.cost.standing_usd); });
  t.row(
      "a month", [](const PatternResult& r) -> Document::Cell { return usd_text(r.cost.per_month_usd); }, true);
  return t.take();
}

Document::Charts curves(const Comparison& c) {
  report::Chart chart{"Users with an answer", "A seat, or that there is none. Errors are no answer."};
  int colour = 0;
  double last = 0;
  for (const auto& result : c.patterns) last = std::max(last, result.run.answered_by.back().first);
  for (const auto& result : c.patterns) {
    report::Chart::Series series{
        std::string(name_of(result.pattern)), {}, colour, result.pattern == Pattern::kQueue, false};
    for (const auto& [at, users] : result.run.answered_by) series.points.emplace_back(at, users);
    // On to the end of the slowest, so that who stays below the others is seen to.
    if (series.points.back().first < last) series.points.emplace_back(last, series.points.back().second);
    chart.series.push_back(std::move(series));
    ++colour;
  }
  return {{chart}};
}

Document::Table loads_of(const PatternResult& result) {
  Document::Table table{{{"part"},
                         {"worst second", Kind::kNumber},
                         {"carries", Kind::kNumber},
                         {"load", Kind::kBar},
                         {"over from", Kind::kNumber},
                         {"refused", Kind::kNumber, 1}},
                        {}};
  for (const auto& load : result.run.loads) {
    const Tone tone = good_if(load.utilisation() <= 1 + 1e-9);
    auto bar = Document::Cell::bar(load.utilisation(), tone);
    table.rows.push_back(
        {{load.part, rate_text(load.peak_per_sec), rate_text(load.capacity_per_sec), bar,
          load.overloaded_at_sec < 0 ? std::string("–") : fmt::format("second {:.0f}", load.overloaded_at_sec + 1),
          count_of(load.refused)}});
  }
  return table;
}

Document::Table costs_of(const PatternResult& result) {
  Document::Table table{{{"line"}, {"USD", Kind::kNumber}, {"basis", Kind::kText, 1}}, {}};
  for (const bool monthly : {false, true}) {
    for (const auto& line : result.cost.lines) {
      if (line.monthly == monthly) table.rows.push_back({{line.name, usd_text(line.usd), line.basis}});
    }
    table.rows.push_back({{monthly ? "standing, a month" : "an event",
                           usd_text(monthly ? result.cost.standing_usd : result.cost.per_event_usd), ""},
                          true});
  }
  return table;
}

Document::Table quotas_of(const PatternResult& result) {
  Document::Table table{
      {{"default limit"}, {"needed", Kind::kNumber}, {"limit", Kind::kNumber}, {"what to do", Kind::kText, 1}}, {}};
  for (const auto& quota : result.quotas) {
    if (!quota.bites) continue;
    table.rows.push_back({{quota.name, {count_of(quota.need), Tone::kBad}, count_of(quota.limit), quota.advice}});
  }
  return table;
}

std::string story_of(const PatternResult& result) {
  const PatternRun& run = result.run;
  std::string text = fmt::format("{}. Breaks first: {}. ", path_of(result.pattern), result.breaks_first);
  if (run.sold_out_sec >= 0) text += fmt::format("The last seat goes after {}. ", seconds_text(run.sold_out_sec));
  std::string ways;
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    if (run.users[i] == 0) continue;
    ways += fmt::format("{}{} {}", ways.empty() ? "" : ", ", count_of(run.users[i]), name_of(static_cast<Outcome>(i)));
  }
  text += fmt::format("Of {} users: {}. ", count_of(run.all()), ways);
  if (result.pattern == Pattern::kQueue) {
    text += fmt::format("At worst {} messages wait, and {:.0f} workers work them off. ", count_of(run.longest_backlog),
                        run.most_workers);
  }
  if (result.has_prepared) {
    text += fmt::format("With the quotas raised that can be: {} without an answer, p95 {}, longest {}. ",
                        share_text(result.prepared.without_answer()), seconds_text(result.prepared.answer.p95_sec),
                        seconds_text(result.prepared.answer.max_sec));
  }
  text += fmt::format("Bots get {} of the seats: {}.", share_text(result.bot_share_of_seats), result.bot_note);
  return text;
}

Document::Section section_of(const PatternResult& result) {
  Document::Section section{capital(name_of(result.pattern)), {Document::Paragraph{story_of(result)}}};
  section.blocks.push_back(loads_of(result));
  if (biting(result) > 0) section.blocks.push_back(quotas_of(result));
  section.blocks.push_back(costs_of(result));
  std::string missing;
  for (const auto& unpriced : result.cost.unpriced) {
    missing += (missing.empty() ? "" : ", ") + unpriced.substr(0, unpriced.find(':'));
  }
  if (!missing.empty()) {
    section.blocks.push_back(
        Document::Paragraph{"No price in this region's list for: " + missing + ". Give them with --prices.", true});
  }
  return section;
}

}  // namespace

Document comparison_document(const Comparison& c, const std::string& command) {
  const auto& in = c.plan.inputs;
  Document document;
  document.title = title_of(in);
  document.headline = c.headline;
  document.tone = c.chosen_holds ? Tone::kGood : Tone::kBad;
  document.reasons = c.reasons;
  const double spread = in[Quantity::kArrivalTime] > 0 ? in[Quantity::kArrivalTime] : in[Quantity::kPressTime];
  Document::Section table{"Four ways to build it", {four(c)}};
  table.blocks.push_back(Document::Paragraph{
      fmt::format(
          "Without a waiting room everyone presses within {}; a client gives a request up after {} and a person tries "
          "{:.0f} times more. Sold twice is the mean of {} runs, everything else is the run of seed {}. In the dark: "
          "until a user knows their position or the result, or gives up. Out of order: of all pairs of one with a seat "
          "and one without, those in which the one without pressed first; 50 % is a lottery. Scripts are among the "
          "users; "
          "choosing and paying come after the answer and are alike in all four.",
          seconds_text(spread), seconds_text(in[Quantity::kClientTimeout]), in[Quantity::kClientRetries],
          Comparison::kSeeds, c.seed),
      true});
  document.sections.push_back(std::move(table));
  document.sections.push_back({"When users know", {curves(c)}});
  Document::Section notes{"What to know", {}};
  for (const auto& note : c.notes) notes.blocks.push_back(Document::Paragraph{note});
  document.sections.push_back(std::move(notes));
  for (const auto& result : c.patterns) document.sections.push_back(section_of(result));
  document.origin =
      fmt::format("tacos-plan {} · {} · seed {} · prices {}", kVersion, command, c.seed, c.plan.prices_as_of);
  return document;
}

}  // namespace tacos::plan
