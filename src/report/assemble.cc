#include "report/assemble.h"

#include <algorithm>
#include <utility>

#include "core/units.h"
#include "report/components.h"
#include "report/verdict.h"

namespace tacos::report {
namespace {

using core::Nanos;
using core::to_seconds;
using measure::Percentiles;
using measure::RunRecord;
using measure::RunReport;
using measure::WindowSummary;

double ms(const measure::Histogram& histogram, double percentile) {
  return core::to_millis(histogram.percentile(percentile));
}

double per_second(double count, Nanos time) {
  return time > Nanos(0) ? count / to_seconds(time) : 0;
}

RunReport::Step step_report(const measure::StepSummary& step) {
  return {step.count(), Percentiles::of(step.response), Percentiles::of(step.service), step.outcomes};
}

void fill_measured(const RunRecord& record, const WindowSummary& measured, RunReport& r) {
  r.rate.offered_rps = per_second(static_cast<double>(measured.offered), measured.covered);
  r.rate.achieved_rps = per_second(static_cast<double>(measured.completed), measured.covered);
  r.rate.scheduled = measured.offered;
  r.rate.sent = measured.sent;
  r.rate.completed = measured.completed;
  r.outcomes = measured.outcomes;
  r.status_codes = record.status_codes();
  r.steps.clear();
  for (std::size_t s = 0; s < measured.steps.size(); ++s) {
    r.steps.emplace_back(record.steps()[s], step_report(measured.steps[s]));
  }
  r.send_lag_ms = Percentiles::of(measured.send_lag);
  r.dispatch_lag_ms = Percentiles::of(measured.dispatch_lag);
  r.connection_wait_ms = Percentiles::of(measured.connection_wait);
}

// Users' waits are of the whole run: a warm-up's users wait in the same line.
void fill_waits(const RunRecord& record, RunReport& r) {
  const WindowSummary all = record.all();
  r.users.time_to_admission_ms = Percentiles::of(all.time_to_admission);
  r.users.time_to_sold_out_ms = Percentiles::of(all.time_to_sold_out);
  r.users.overtaken = r.users.fairness.overtaken;
}

RunReport::Interval interval_report(const RunRecord& record, std::size_t index) {
  const Nanos from = record.interval() * static_cast<std::int64_t>(index);
  const RunRecord::Interval& raw = record.intervals()[index];
  const auto window = record.window(from, from + record.interval());
  const auto response = window.response();
  const auto service = window.service();
  RunReport::Interval out;
  out.t_sec = to_seconds(from);
  out.planned = raw.planned;
  out.offered = window.offered;
  out.sent = window.sent;
  out.completed = window.completed;
  out.errors = measure::errors(window.outcomes);
  out.active_users = measure::active(raw.users);
  out.response_p50_ms = ms(response, 50);
  out.response_p90_ms = ms(response, 90);
  out.response_p99_ms = ms(response, 99);
  out.response_p99_9_ms = ms(response, 99.9);
  out.service_p50_ms = ms(service, 50);
  out.service_p99_ms = ms(service, 99);
  out.send_lag_p99_ms = ms(window.send_lag, 99);
  out.dispatch_lag_p99_ms = ms(window.dispatch_lag, 99);
  out.outcomes = window.outcomes;
  out.users = raw.users;
  for (std::size_t s = 0; s < window.steps.size(); ++s) {
    const auto& step = window.steps[s];
    if (step.count() == 0) continue;
    out.steps.push_back({record.steps()[s], step.count(), step.outcomes, ms(step.response, 50), ms(step.response, 99)});
  }
  const auto place = [&](double percentile) {
    return static_cast<double>(window.position.percentile(percentile).count());
  };
  out.positions = window.position.count();
  out.position_p10 = place(10);
  out.position_p50 = place(50);
  out.position_p90 = place(90);
  out.admitted = window.time_to_admission.count();
  out.time_to_admission_p50_ms = ms(window.time_to_admission, 50);
  return out;
}

// Rungs begin and end on the plan's times; the record knows whole intervals, so a rung takes those that begin inside
// it.
RunReport::Rung rung_report(const RunRecord& record, const RungWindow& at, const Assembly& assembly,
                            const RunReport& report) {
  RunReport::Rung rung;
  const auto window = record.window(at.from, at.to);
  rung.name = at.name;
  rung.from_sec = to_seconds(at.from);
  rung.to_sec = to_seconds(at.to);
  rung.planned_rps = per_second(window.planned, window.covered);
  rung.offered_rps = per_second(static_cast<double>(window.offered), window.covered);
  rung.achieved_rps = per_second(static_cast<double>(window.completed), window.covered);
  rung.outcomes = window.outcomes;
  rung.send_lag_ms = Percentiles::of(window.send_lag);
  for (std::size_t i = 0; i < window.steps.size(); ++i) {
    if (window.steps[i].count() > 0) rung.steps.emplace_back(record.steps()[i], step_report(window.steps[i]));
  }
  bool passed = true;
  for (const auto& gate : assembly.gates) {
    if (!gate.concerns(at.from, at.to)) continue;
    rung.gates.push_back(gate.evaluate({record, at.from, at.to, report.users}));
    passed &= rung.gates.back().passed;
  }
  const bool late = ms(window.dispatch_lag, 99) > report.validity.dispatch_lag_p99_ms;
  rung.verdict = late ? "invalid" : passed ? "passed" : "failed";
  return rung;
}

}  // namespace

void assemble(const RunRecord& record, const Assembly& assembly, RunReport& r) {
  r.interval_sec = to_seconds(record.interval());
  r.warmup_sec = to_seconds(assembly.from);
  // What an ended run still had due counts as well, so that the outcomes add up.
  fill_measured(record, record.window(assembly.from, Nanos::max()), r);
  fill_waits(record, r);
  r.intervals.clear();
  for (std::size_t i = 0; i < record.intervals().size(); ++i) r.intervals.push_back(interval_report(record, i));
  r.rungs.clear();
  for (const auto& rung : assembly.rungs) {
    // A run that ended early says nothing about the rungs it did not reach.
    if (record.window(rung.from, rung.to).covered > Nanos(0)) r.rungs.push_back(rung_report(record, rung, assembly, r));
  }
  r.gates.clear();
  // Where there are rungs, each answers for itself; asking the gates of the climb between them as well would say less.
  if (r.rungs.empty()) {
    for (const auto& gate : assembly.gates) {
      r.gates.push_back(gate.evaluate({record, assembly.from, record.schedule_end(), r.users}));
    }
  }
  sum_up_components(r);
  Verdict verdict = judge(r);
  r.verdict = std::move(verdict.verdict);
  r.verdict_reasons = std::move(verdict.reasons);
  name_bottleneck(r);
}

}  // namespace tacos::report
