#include "tacos-plan/report/plan_document.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "tacos-plan/document/number_text.h"
#include "tacos-plan/plan/limits.h"
#include "tacos-plan/version.h"

namespace tacos::plan {
namespace {

using Q = Quantity;
using Kind = Document::Column::Kind;
using Tone = Document::Tone;

constexpr double kNearItsLimit = 0.1;  // below, what is fixed outweighs what grows, and no projection holds

// A projection is no better than that.
double three_digits(double value) {
  if (!(value > 1000)) return value;
  const double step = std::pow(10, std::floor(std::log10(value)) - 2);
  return std::round(value / step) * step;
}

// "1 seat", "24 pods".
std::string counted(double count, const char* thing) {
  return fmt::format("{} {}{}", count_text(count), thing, count == 1 ? "" : "s");
}

double seats_left(const Plan& plan) {
  return std::floor(plan.inputs[Q::kSeats] - plan.dynamodb.purchases * plan.inputs[Q::kTicketsPerBuyer] + 1e-6);
}

std::string chosen_text(const AdmissionPlan& admission) {
  return admission.chosen_by == "given" ? "as given" : "by the " + admission.chosen_by;
}

std::string headline_of(const Plan& plan) {
  const auto& a = plan.admission;
  const Headroom* first = first_to_break(plan.headroom);
  std::string text = fmt::format("Let in {} ({}). ", rate_text(a.rate),
                                 a.chosen_by == "given"     ? "as given"
                                 : a.chosen_by == "backend" ? "all that the " + a.tightest_backend + " carries"
                                                            : "set by the " + a.chosen_by);
  if (plan.selling.sells_out) {
    text += fmt::format("The seats are gone {} after the opening", seconds_text(plan.selling.sellout_sec));
    if (plan.selling.in_vain > 0) text += fmt::format("; {} people get none", count_text(plan.selling.in_vain));
    text += ". ";
  } else {
    text += fmt::format("Everyone is let in after {}, and {} stay unsold. ", seconds_text(plan.selling.sellout_sec),
                        counted(seats_left(plan), "seat"));
  }
  if (first != nullptr && first->utilisation < kNearItsLimit * first->limit) {
    text += "Nothing comes near its limit.";
  } else if (first != nullptr) {
    text += fmt::format("First to break: {}, at {} {}.", first->component, count_text(three_digits(first->breaks_at)),
                        first->grows_with_users ? "users" : "admissions a second");
  }
  return text;
}

Document::Figures figures_of(const Plan& plan) {
  const auto& a = plan.admission;
  return {{{rate_text(a.rate), "admission", chosen_text(a)},
           {seconds_text(a.longest_wait), "longest wait", "mean " + seconds_text(a.mean_wait)},
           {seconds_text(plan.selling.sellout_sec), plan.selling.sells_out ? "to sell out" : "until everyone is in",
            plan.selling.sells_out ? count_text(plan.selling.in_vain) + " without a seat"
                                   : counted(seats_left(plan), "seat") + " unsold"},
           {rate_text(plan.polling.status_rps), "status requests", bandwidth_text(plan.polling.response_bytes_per_sec)},
           {count_text(static_cast<double>(plan.gateway.pods)), "gateway pods", "by " + plan.gateway.bound_by},
           {share_text(plan.redis.hot_slot.utilisation), "of the hot slot's core",
            fmt::format("{} × {}", plan.redis.nodes, plan.redis.node_type)},
           {bytes_text(plan.redis.memory_bytes), "in Redis",
            fmt::format("{:.0f} bytes a user", plan.redis.memory_bytes / plan.inputs[Q::kUsers])},
           {usd_text(plan.cost.per_event_usd), "an event",
            usd_text(plan.cost.per_month_usd) + " a month" +
                (plan.cost.unpriced.empty()
                     ? std::string()
                     : fmt::format("; {} without a price left out",
                                   counted(static_cast<double>(plan.cost.unpriced.size()), "line")))}}};
}

Document::Section rules_section(const Plan& plan) {
  const auto& in = plan.inputs;
  const auto& a = plan.admission;
  Document::Table rules{{{"rule"}, {"rate", Kind::kNumber}, {"what it keeps"}}, {}};
  const auto rule = [&](const char* name, double rate, std::string keeps) {
    rules.rows.push_back({{name, rate > 0 ? rate_text(rate) : std::string("none"), std::move(keeps)}});
  };
  rule("by seats, at least", a.by_seats, fmt::format("sold within {}", seconds_text(in[Q::kSaleTime])));
  rule("by wait, at least", a.by_wait,
       fmt::format("{:g} % let in within {}", in[Q::kTargetPercentile], seconds_text(in[Q::kTargetWait])));
  rule("by answer, at least", a.by_answer,
       a.by_answer > 0
           ? fmt::format("everyone has a seat or knows there is none within {}", seconds_text(in[Q::kTargetWait]))
           : fmt::format("paying takes longer than {}: the line learns it {} after the last turn",
                         seconds_text(in[Q::kTargetWait]),
                         seconds_text(plan.selling.told_sec - plan.selling.sellout_sec)));
  rule("by backend, at most", a.by_backend,
       fmt::format("{} at {}", a.tightest_backend, share_text(in[Q::kBackendUtilisation])));
  rules.rows.push_back(
      {{"chosen", rate_text(a.rate), a.conflict ? "the rules can't all be kept" : chosen_text(a)}, true});
  Document::Table waits{{{"in line"},
                         {"longest", Kind::kNumber},
                         {"mean", Kind::kNumber},
                         {"p50", Kind::kNumber},
                         {"p90", Kind::kNumber, 2},
                         {"p95", Kind::kNumber, 3},
                         {"p99", Kind::kNumber, 2}},
                        {}};
  waits.rows.push_back(
      {{"if all are let in", seconds_text(a.longest_wait), seconds_text(a.mean_wait), seconds_text(a.p50_wait),
        seconds_text(a.p90_wait), seconds_text(a.p95_wait), seconds_text(a.p99_wait)}});
  if (plan.selling.in_vain > 0) {
    const auto& s = plan.selling;
    waits.rows.push_back(
        {{"if told of the last seat", seconds_text(s.answer_longest_wait), seconds_text(s.answer_mean_wait),
          seconds_text(s.answer_p50_wait), seconds_text(s.answer_p90_wait), seconds_text(s.answer_p95_wait),
          seconds_text(s.answer_p99_wait)}});
  }
  return Document::section("Admission and waits", rules, waits);
}

Document::Section headroom_section(const Plan& plan) {
  Document::Table table{{{"component"},
                         {"used", Kind::kNumber, 2},
                         {"of", Kind::kNumber, 3},
                         {"load", Kind::kBar, 1},
                         {"limit", Kind::kNumber, 4},
                         {"breaks at", Kind::kNumber}},
                        {}};
  for (const auto& h : plan.headroom) {
    const double tight = h.utilisation / h.limit;
    const Tone tone = tight > 1 + 1e-9 ? Tone::kBad : tight > 0.8 && !h.elastic ? Tone::kCaution : Tone::kGood;
    table.rows.push_back({{h.component, shown(h.used, h.unit), shown(h.capacity, h.unit),
                           Document::Cell::bar(h.utilisation, tone), share_text(h.limit),
                           h.elastic            ? std::string("more are bought")
                           : h.breaks_at <= 0   ? std::string("–")
                           : h.grows_with_users ? count_text(three_digits(h.breaks_at)) + " users"
                                                : rate_text(h.breaks_at) + " let in"}});
  }
  return Document::section("What breaks first", table);
}

Document::Section timeline_section(const Plan& plan) {
  report::Chart line{"People in line", "from the opening on, as a fluid"};
  report::Chart::Series all{"if all are let in"}, told{"if told of the last seat"};
  report::Chart status{"Status requests per second", "in proportion to those in line, by the policy chosen"};
  report::Chart::Series rps{"status requests"};
  for (const auto& point : plan.timeline) {
    all.points.emplace_back(point.t_sec, point.in_line);
    told.points.emplace_back(point.t_sec, point.in_line_if_told);
    rps.points.emplace_back(point.t_sec, point.status_rps);
  }
  all.colour = 0;
  all.dashed = true;
  told.filled = rps.filled = true;
  line.series = {std::move(all)};
  if (plan.selling.in_vain > 0) line.series.push_back(std::move(told));
  status.series = {std::move(rps)};
  return Document::section("Over time", Document::Charts{{std::move(line), std::move(status)}});
}

Document::Section redis_section(const Plan& plan) {
  const auto& r = plan.redis;
  Document::Table strategies{{{"position by"}, {"commands", Kind::kNumber}, {"cores of the slot's one", Kind::kNumber}},
                             {}};
  for (const auto& s : r.strategies) {
    const Tone tone = s.cpu_cores > plan.inputs[Q::kRedisCpuLimit] ? Tone::kBad : Tone::kGood;
    strategies.rows.push_back(
        {{std::string(name_of(s.strategy)), rate_text(s.commands_per_sec), {number_text(s.cpu_cores, ""), tone}},
         s.strategy == plan.inputs.position});
  }
  Document::Table work{{{"what Redis does"},
                        {"rate", Kind::kNumber},
                        {"calls", Kind::kNumber},
                        {"commands", Kind::kNumber},
                        {"CPU of each", Kind::kNumber},
                        {"cores", Kind::kNumber}},
                       {}};
  for (const auto& one : r.work) {
    if (one.per_second == 0) continue;  // the crowd gathers before, or buys after, the peak
    work.rows.push_back(
        {{one.name, rate_text(one.per_second), number_text(one.calls, ""), number_text(one.commands, ""),
          number_text(one.cpu_us, "µs"), number_text(one.per_second * one.cpu_us * 1e-6, "")}});
  }
  work.rows.push_back(
      {{fmt::format("all; {} of a core will be seen in use", share_text(r.busy_cores)), "", rate_text(r.calls_per_sec),
        rate_text(r.commands_per_sec), "", number_text(redis_load(r.work, 0).work, "")},
       true});
  Document::Table keys{{{"key"}, {"entries", Kind::kNumber}, {"bytes", Kind::kNumber}}, {}};
  for (const auto& f : r.families) keys.rows.push_back({{f.key, count_text(f.entries), bytes_text(f.bytes)}});
  keys.rows.push_back({{"all, as the server counts it", "", bytes_text(r.memory_bytes)}, true});
  const double buckets = plan.inputs[Q::kLineBuckets];
  const Document::Paragraph shards{
      fmt::format("{} shard{} by memory, {} by CPU, {} by network; {} planned, each with {} replica{}: {} × {}. The "
                  "event's keys carry {}, so {} of the shards {} this event.",
                  r.shards_by_memory, r.shards_by_memory == 1 ? "" : "s", r.shards_by_cpu, r.shards_by_network,
                  r.shards, r.replicas_per_shard, r.replicas_per_shard == 1 ? "" : "s", r.nodes, r.node_type,
                  buckets > 1 ? fmt::format("the tag {} and those of {:g} buckets", r.hot_slot.tag, buckets)
                              : "the one tag " + r.hot_slot.tag,
                  r.shards_used, r.shards_used == 1 ? "carries" : "carry"),
      false};
  return Document::section("Redis", shards, strategies, work, keys);
}

Document::Section parts_section(const Plan& plan) {
  const auto& d = plan.dynamodb;
  const auto& g = plan.gateway;
  const auto& p = plan.polling;
  Document::Table table{{{"part"}, {"", Kind::kNumber}, {"of which"}}, {}};
  const auto row = [&](const char* part, std::string value, std::string of) {
    table.rows.push_back({{part, std::move(value), std::move(of)}});
  };
  row("status requests", rate_text(p.status_rps),
      fmt::format("{} by position, {} at a fixed interval", rate_text(p.by_position_rps), rate_text(p.fixed_rps)));
  row("status requests, an event", count_text(p.polls_per_event),
      count_text(p.polls_without_stop) + " if nobody is told of the last seat");
  row("traffic out", bandwidth_text(p.response_bytes_per_sec), bytes_text(p.egress_bytes_per_event) + " an event");
  row("joins", rate_text(p.joins_rps),
      plan.inputs[Q::kArrivalTime] > 0 ? "while people come" : "while the crowd gathers");
  const auto whole = [](std::uint64_t count) { return count_text(static_cast<double>(count)); };
  row("gateway", counted(static_cast<double>(g.pods), "pod"),
      fmt::format("{}; {} by CPU, {} by connections; {} to scale up", counted(static_cast<double>(g.nodes), "node"),
                  whole(g.pods_by_cpu), whole(g.pods_by_connections), seconds_text(g.scale_up_sec)));
  row("DynamoDB", count_text(d.write_units) + " units",
      fmt::format("{} writes of {} purchases, {} write units at the peak", count_text(d.writes),
                  count_text(d.purchases), rate_text(d.peak_write_units_per_sec)));
  return Document::section("Parts", table);
}

Document::Section cost_section(const Plan& plan) {
  Document::Table table{{{"line"}, {"USD", Kind::kNumber}, {"basis", Kind::kText, 1}, {"share", Kind::kBar, 2}}, {}};
  const auto add = [&](bool monthly, double total) {
    for (const auto& line : plan.cost.lines) {
      if (line.monthly != monthly) continue;
      table.rows.push_back(
          {{line.name, cents_text(line.usd), line.basis, Document::Cell::bar(total > 0 ? line.usd / total : 0)}});
    }
  };
  add(false, plan.cost.per_event_usd);
  table.rows.push_back({{"an event", cents_text(plan.cost.per_event_usd)}, true});
  add(true, plan.cost.standing_usd);
  table.rows.push_back({{"standing, a month", cents_text(plan.cost.standing_usd)}, true});
  const double events = plan.inputs[Q::kEventsPerMonth];
  table.rows.push_back({{"a month", cents_text(plan.cost.per_month_usd),
                         fmt::format("{:g} event{} and what stands", events, events == 1 ? "" : "s")},
                        true});
  const Document::Paragraph dates{
      fmt::format(
          "Prices of {}, {}; each has its own date and source in the price list. Lines are rounded to the cent, and "
          "totals are sums of what is shown.",
          plan.inputs.region, plan.prices_as_of),
      true};
  return Document::section("Cost", table, dates);
}

Document::Section quotas_section(const Plan& plan) {
  Document::Table table{
      {{"default limit"}, {"needed", Kind::kNumber}, {"limit", Kind::kNumber}, {"what to do", Kind::kText, 1}}, {}};
  for (const auto& q : plan.quotas) {
    table.rows.push_back({{q.name,
                           {count_text(q.need), q.bites ? Tone::kBad : Tone::kGood},
                           count_text(q.limit),
                           q.bites ? q.advice : std::string("–")}});
  }
  return Document::detail_section("Service quotas by default", table);
}

Document::Section original_section(const Plan& plan) {
  Document::Table table{{{"figure"},
                         {"the original", Kind::kNumber},
                         {"how", Kind::kText, 2},
                         {"tacos says", Kind::kText, 1},
                         {"code", Kind::kText, 3}},
                        {}};
  for (const auto& f : plan.original)
    table.rows.push_back({{f.what, shown(f.value, f.unit), f.formula, f.now, f.code}});
  return Document::section("The original's reckoning", table);
}

Document::Section formulas_section(const Plan& plan) {
  Document::Table table{{{"number"}, {"value", Kind::kNumber}, {"formula"}, {"source", Kind::kText, 1}}, {}};
  for (const auto& d : plan.derivations) table.rows.push_back({{d.name, shown(d.value, d.unit), d.formula, d.source}});
  return Document::detail_section("Every formula", table);
}

Document::Section assumptions_section(const Plan& plan) {
  Document::Table table{
      {{"assumption"}, {"value", Kind::kNumber}, {"meaning", Kind::kText, 2}, {"source", Kind::kText, 1}}, {}};
  for (const auto& spec : all_quantities()) {
    table.rows.push_back({{std::string(spec.name), shown(plan.inputs[spec.id], std::string(name_of(spec.unit))),
                           std::string(spec.meaning), plan.inputs.source(spec.id)}});
  }
  return Document::detail_section("Every assumption", table);
}

}  // namespace

Document::Tone tone_of(Severity severity) {
  return severity == Severity::kConflict ? Tone::kBad : severity == Severity::kWarning ? Tone::kCaution : Tone::kPlain;
}

std::string shown(double value, const std::string& unit) {
  if (unit == "1/s") return rate_text(value);
  if (unit == "s") return seconds_text(value);
  if (unit == "bytes") return bytes_text(value);
  if (unit == "bytes/s") return bandwidth_text(value);
  if (unit == "USD") return usd_text(value);
  if (unit == "USD/month") return usd_text(value) + " a month";
  if (unit == "share") return share_text(value);
  if (unit == "count" || unit == "number") return count_text(value);
  return number_text(value, unit);
}

std::string title_of(const PlanInputs& in) {
  return fmt::format(
      "{} user{}, {} seat{}, {} within {}", count_text(in[Q::kUsers]), in[Q::kUsers] == 1 ? "" : "s",
      count_text(in[Q::kSeats]), in[Q::kSeats] == 1 ? "" : "s",
      in[Q::kTargetPercentile] >= 100 ? std::string("everyone in") : fmt::format("{:g} % in", in[Q::kTargetPercentile]),
      seconds_text(in[Q::kTargetWait]));
}

Document::Section warnings_section(const std::vector<PlanWarning>& warnings) {
  Document::Notices notices;
  for (const auto& w : warnings) notices.notices.push_back({tone_of(w.severity), w.code, w.text});
  return Document::section("What to know", notices);
}

Document plan_document(const Plan& plan, const std::string& command) {
  Document document;
  document.title = title_of(plan.inputs);
  document.headline = headline_of(plan);
  const bool conflict = std::any_of(plan.warnings.begin(), plan.warnings.end(),
                                    [](const auto& w) { return w.severity == Severity::kConflict; });
  document.tone = conflict ? Tone::kBad : Tone::kGood;
  for (const auto& w : plan.warnings) {
    if (w.severity == Severity::kConflict) document.reasons.push_back(w.text);
  }
  document.sections.push_back(Document::section("", figures_of(plan)));
  document.sections.push_back(rules_section(plan));
  document.sections.push_back(headroom_section(plan));
  if (!plan.original.empty()) document.sections.push_back(original_section(plan));
  document.sections.push_back(warnings_section(plan.warnings));
  document.sections.push_back(timeline_section(plan));
  document.sections.push_back(parts_section(plan));
  document.sections.push_back(redis_section(plan));
  document.sections.push_back(cost_section(plan));
  document.sections.push_back(quotas_section(plan));
  document.sections.push_back(formulas_section(plan));
  document.sections.push_back(assumptions_section(plan));
  document.origin = fmt::format("tacos-plan {} · {} · prices {}", kVersion, command, plan.prices_as_of);
  return document;
}

}  // namespace tacos::plan
