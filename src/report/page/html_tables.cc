#include "report/page/html_tables.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "report/page/html_table.h"
#include "report/page/html_text.h"

namespace tacos::report {
namespace {

using core::format_count;
using measure::Percentiles;
using measure::RunReport;

std::string per_second(double rate) {
  return format_count(static_cast<std::uint64_t>(std::max(0.0, rate) + 0.5));
}

std::string latency(double millis) {
  return core::format_latency(core::from_seconds(millis / 1e3));
}

std::string share(double part, double whole) {
  if (whole <= 0) return "–";
  const double percent = part / whole * 100;
  if (percent > 0 && percent < 0.01) return "< 0.01 %";
  // 99.996 % is not 100.00 %: what is missing is what a reader looks for.
  if (percent < 100 && percent > 99.99) return "> 99.99 %";
  return fmt::format("{:.2f} %", percent);
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return share(static_cast<double>(part), static_cast<double>(whole));
}

// Only words that have a colour become a class; a verdict read from a file may be any text.
std::string_view tone_of(std::string_view verdict) {
  for (const std::string_view known : {"passed", "failed"}) {
    if (verdict == known) return known;
  }
  return "invalid";
}

std::string_view sign_of(std::string_view verdict) {
  return verdict == "passed" ? "✓" : verdict == "failed" ? "✗" : "⚠";
}

std::string gates_table(const std::vector<RunReport::Gate>& gates) {
  if (gates.empty()) return "<p class=\"soft\">No gates were set for the whole run.</p>\n";
  Table table({{"", Table::kText}, {"gate", Table::kText}, {"was", Table::kNumber}, {"limit", Table::kNumber}});
  for (const auto& gate : gates) {
    table.row().text(gate.passed ? "✓ holds" : "✗ broken", gate.passed ? "passed" : "failed");
    table.text(gate.expression).number(gate.value).number(gate.limit);
  }
  return table.html();
}

std::string tile(std::string_view value, std::string_view name, std::string_view remark = "") {
  return fmt::format("<div><b>{}</b>{}<small>{}</small></div>\n", escaped(value), escaped(name), escaped(remark));
}

void step_rows(Table& table, std::string_view name, std::uint64_t count, std::uint64_t errors,
               const Percentiles& response, const Percentiles& service) {
  table.row("pair").name(name).number(count).number(errors).text("response").times(response);
  table.row().text("").text("").text("").text("service").times(service);
}

struct Explained {
  measure::Outcome outcome;
  const char* meaning;
};
constexpr std::array<Explained, measure::kOutcomeCount> kOutcomes{{
    {measure::Outcome::kOk, "a complete answer that the journey expected"},
    {measure::Outcome::kHttpError, "a complete answer that it did not expect"},
    {measure::Outcome::kTimeout, "no complete answer in time"},
    {measure::Outcome::kConnectError, "no connection could be made"},
    {measure::Outcome::kReset, "the connection ended before the answer did"},
    {measure::Outcome::kProtocolError, "the answer could not be read"},
    {measure::Outcome::kShed, "never sent: the backlog was full"},
    {measure::Outcome::kUnfilled, "never sent: no user was left to send it"},
    {measure::Outcome::kInterrupted, "the run was stopped before it could end"},
}};

std::string entry(std::string_view name, std::string_view value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value.empty() ? "–" : value));
}

std::string code_entry(std::string_view name, std::string_view value) {
  return fmt::format("<dt>{}</dt><dd><code>{}</code></dd>\n", escaped(name), escaped(value.empty() ? "–" : value));
}

std::string broken_gates(const RunReport::Rung& rung) {
  std::string text;
  for (const auto& gate : rung.gates) {
    if (!gate.passed) text += fmt::format("{}{}: was {}", text.empty() ? "" : "; ", gate.expression, gate.value);
  }
  return text;
}

}  // namespace

std::string verdict_section(const RunReport& r) {
  const std::string_view tone = tone_of(r.verdict);
  std::string about;
  for (const std::string& part : {r.target, r.started_at, fmt::format("{:.1f} s", r.duration_sec)}) {
    if (!part.empty()) about += (about.empty() ? "" : " · ") + escaped(part);
  }
  std::string html = fmt::format("<header><h1>{}</h1><p class=\"soft\">{}</p></header>\n",
                                 escaped(r.scenario.empty() ? "run" : r.scenario), about);
  html += fmt::format("<section class=\"verdict {}\"><strong>{} {}</strong>\n", tone, sign_of(r.verdict),
                      escaped(r.verdict.empty() ? "no verdict" : r.verdict));
  if (!r.verdict_reasons.empty()) {
    html += "<ul>";
    for (const auto& reason : r.verdict_reasons) html += "<li>" + escaped(reason) + "</li>\n";
    html += "</ul>";
  }
  return html + gates_table(r.gates) + "</section>\n";
}

std::string key_numbers_section(const RunReport& r, const measure::WindowSummary& measured) {
  const Percentiles response = Percentiles::of(measured.response());
  const Percentiles service = Percentiles::of(measured.service());
  const auto time = [&](double value) { return response.max > 0 ? latency(value) : "–"; };
  const auto beside = [&](double value) { return service.max > 0 ? latency(value) + " service time" : ""; };
  const std::uint64_t errors = measure::errors(r.outcomes);
  std::string html = "<section><h2>Key numbers</h2>\n<div class=\"numbers\">\n";
  html += tile(per_second(r.rate.offered_rps) + "/s", "offered", format_count(r.rate.scheduled) + " scheduled");
  html += tile(per_second(r.rate.achieved_rps) + "/s", "achieved",
               share(r.rate.achieved_rps, r.rate.offered_rps) + " of offered");
  html += tile(time(response.p50), "response p50", beside(service.p50));
  html += tile(time(response.p99), "response p99", beside(service.p99));
  html += tile(time(response.p99_9), "response p99.9", beside(service.p99_9));
  html += tile(time(response.max), "response max", beside(service.max));
  html += tile(share(errors, r.rate.scheduled), "errors", format_count(errors) + " requests");
  if (r.users.started > 0) {
    html += tile(format_count(r.users.peak_active), "users at once", format_count(r.users.started) + " came");
  }
  html += tile(latency(r.dispatch_lag_ms.p99), "generator lag p99", "send lag " + latency(r.send_lag_ms.p99));
  return html + "</div></section>\n";
}

std::string steps_section(const RunReport& r, const measure::WindowSummary& measured) {
  std::string html =
      "<section><h2>Steps</h2>\n<p class=\"soft\">Response time runs from when a request was due: what a user felt. "
      "Service "
      "time runs from when it was sent: what the server took. Both in ms. Time-outs count in response time with as "
      "long as "
      "they lasted, and not in service time; what was reset or never sent is in neither, but among the errors.</p>\n";
  Table table({{"step", Table::kText},
               {"requests", Table::kNumber},
               {"errors", Table::kNumber},
               {"time", Table::kText},
               {"p50", Table::kNumber},
               {"p90", Table::kNumber},
               {"p99", Table::kNumber},
               {"p99.9", Table::kNumber},
               {"p99.99", Table::kNumber},
               {"max", Table::kNumber}});
  for (const auto& [name, step] : r.steps) {
    step_rows(table, name, step.count, measure::errors(step.outcomes), step.response_time_ms, step.service_time_ms);
  }
  if (r.steps.size() != 1) {
    step_rows(table, "all", measure::total(r.outcomes), measure::errors(r.outcomes),
              Percentiles::of(measured.response()), Percentiles::of(measured.service()));
  }
  return html + table.html() + "</section>\n";
}

std::string rungs_section(const RunReport& r) {
  if (r.rungs.empty()) return "";
  Table table({{"rung", Table::kText},
               {"verdict", Table::kText},
               {"time", Table::kText},
               {"planned/s", Table::kNumber},
               {"offered/s", Table::kNumber},
               {"achieved/s", Table::kNumber},
               {"errors", Table::kNumber},
               {"step", Table::kText},
               {"p50 ms", Table::kNumber},
               {"p99 ms", Table::kNumber},
               {"p99.9 ms", Table::kNumber},
               {"lag p99 ms", Table::kNumber}});
  for (const auto& rung : r.rungs) {
    const std::string broken = broken_gates(rung);
    table.row(broken.empty() ? "" : "pair").name(rung.name);
    table.text(fmt::format("{} {}", sign_of(rung.verdict), rung.verdict), tone_of(rung.verdict));
    table.text(fmt::format("{:g}–{:g} s", rung.from_sec, rung.to_sec));
    for (const double rate : {rung.planned_rps, rung.offered_rps, rung.achieved_rps}) table.number(per_second(rate));
    table.number(measure::errors(rung.outcomes));
    const auto busiest = std::max_element(rung.steps.begin(), rung.steps.end(),
                                          [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
    const bool any = busiest != rung.steps.end() && busiest->second.count > 0;
    table.text(any ? busiest->first : "–");
    const Percentiles times = any ? busiest->second.response_time_ms : Percentiles{};
    for (const double value : {times.p50, times.p99, times.p99_9}) table.number(any ? ms(value) : "–");
    table.number(ms(rung.send_lag_ms.p99));
    if (!broken.empty()) table.row().text("").rest(broken, 11);
  }
  return "<section><h2>Rungs</h2>\n<p class=\"soft\">Each stage of the ladder, judged by itself. Response times are of "
         "its "
         "busiest step.</p>\n" +
         table.html() + "</section>\n";
}

std::string outcomes_section(const RunReport& r) {
  const std::uint64_t all = measure::total(r.outcomes);
  Table table(
      {{"outcome", Table::kText}, {"requests", Table::kNumber}, {"share", Table::kNumber}, {"meaning", Table::kText}});
  for (const auto& [outcome, meaning] : kOutcomes) {
    const std::uint64_t count = r.outcomes[static_cast<std::size_t>(outcome)];
    table.row().name(measure::name_of(outcome)).number(count).number(share(count, all)).text(meaning);
  }
  table.row().name("all").number(all).number("").text(
      all == r.rate.scheduled ? "as many as were scheduled" : format_count(r.rate.scheduled) + " were scheduled");
  std::string html = "<section><h2>Outcomes</h2>\n" + table.html();
  if (!r.status_codes.empty()) {
    Table codes({{"HTTP status", Table::kText}, {"answers", Table::kNumber}});
    for (const auto& [code, count] : r.status_codes) codes.row().name(std::to_string(code)).number(count);
    html += codes.html();
  }
  return html + "</section>\n";
}

std::string users_section(const RunReport& r) {
  const auto& u = r.users;
  if (u.planned == 0 && u.started == 0) return "";
  Table table(
      {{"users", Table::kText}, {"", Table::kNumber}, {"of those who came", Table::kNumber}, {"", Table::kText}});
  const auto stage = [&](const char* name, std::uint64_t count) {
    table.row().name(name).number(count).number(share(count, u.started));
    table.bar(u.started == 0 ? 0 : static_cast<double>(count) / static_cast<double>(u.started));
  };
  stage("came", u.started);
  stage("were admitted", u.admitted);
  stage("entered the sale", u.entered);
  stage("reserved", u.reserved);
  stage("bought", u.confirmed);
  stage("found it sold out", u.sold_out);
  stage("gave up waiting", u.abandoned);
  stage("lost their turn", u.expired);
  stage("failed", u.failed);
  std::string html = "<section><h2>The users' story</h2>\n" + table.html() + "<dl>";
  html +=
      entry("planned", u.started < u.planned
                           ? fmt::format("{}; {} did not come, because those who were there already filled the rate",
                                         format_count(u.planned), format_count(u.planned - u.started))
                           : format_count(u.planned));
  html +=
      entry("active at once, at most", format_count(u.peak_active) + ", those who were told it is sold out included");
  const Percentiles& wait = u.time_to_admission_ms;
  html += entry("time to admission", wait.max <= 0 ? "–"
                                                   : fmt::format("p50 {}, p99 {}, max {}", latency(wait.p50),
                                                                 latency(wait.p99), latency(wait.max)));
  const Percentiles& told = u.time_to_sold_out_ms;
  html += entry("time until told it is sold out",
                told.max <= 0
                    ? "–"
                    : fmt::format("p50 {}, p99 {}, max {}", latency(told.p50), latency(told.p99), latency(told.max)));
  html += entry("seconds between polls", fmt::format("{:.3g} planned, {:.3g} in effect", u.poll_interval_planned_sec,
                                                     u.poll_interval_effective_sec));
  const auto& f = u.fairness;
  html += entry("order of joining and entering",
                f.compared < 2 ? "–"
                               : fmt::format("{} of the pairs among {} who entered went in the other order than they "
                                             "joined; polling alone makes some of it",
                                             share(f.inverted_share, 1), format_count(f.compared)));
  html += entry("provably overtaken",
                f.overtaken == 0 ? "nobody was told to wait after somebody who came later had been called in"
                                 : fmt::format("{} users were told to wait after somebody who came later had been "
                                               "called in, up to {} after",
                                               format_count(f.overtaken), latency(f.worst_overtake_ms)));
  html += entry("saw their position rise", format_count(u.position_rises));
  html += entry("answers that could not be read", format_count(u.unreadable_answers));
  return html + "</dl></section>\n";
}

std::string health_section(const RunReport& r) {
  Table table({{"ms", Table::kText},
               {"p50", Table::kNumber},
               {"p90", Table::kNumber},
               {"p99", Table::kNumber},
               {"p99.9", Table::kNumber},
               {"p99.99", Table::kNumber},
               {"max", Table::kNumber},
               {"", Table::kText}});
  table.row().name("dispatch lag").times(r.dispatch_lag_ms).text("how late the generator itself was");
  table.row().name("connection wait").times(r.connection_wait_ms).text("for a connection that was free");
  table.row().name("send lag").times(r.send_lag_ms).text("from when a request was due to when it was sent");
  std::string html = "<section><h2>Generator health</h2>\n" + table.html() + "<dl>";
  html += entry("CPU", fmt::format("{:.2f} s, {:.1f} us a request, busiest worker {:.0f} % of a core", r.self.cpu_sec,
                                   r.self.cpu_us_per_request, r.self.busiest_worker_cpu_share * 100));
  html += entry("memory at most", fmt::format("{:.0f} MiB", static_cast<double>(r.self.peak_rss_bytes) / 1048576.0));
  html += entry("threads", std::to_string(r.self.threads));
  html += entry("backlog at most", format_count(r.self.backlog_high_water) + " requests");
  html += entry("connections",
                fmt::format("{} opened, {} at once, {} times reused, {} could not be made",
                            format_count(r.connections.opened), format_count(r.connections.peak),
                            format_count(r.connections.reused), format_count(r.connections.connect_failures)));
  html += "</dl>\n";
  for (const auto& note : r.adapted) html += "<p>Adapted: " + escaped(note) + "</p>\n";
  return html + "</section>\n";
}

std::string origin_section(const RunReport& r) {
  std::string html = "<section><h2>How this was made</h2>\n<dl>";
  html += code_entry("command", r.command);
  html += entry("scenario", r.scenario) + entry("target", r.target) + code_entry("seed", std::to_string(r.seed));
  html += entry("started at", r.started_at);
  html += entry("duration", fmt::format("{:.1f} s, of which {:.1f} s warm-up", r.duration_sec, r.warmup_sec));
  html += entry("engine", r.engine);
  html += entry("host", fmt::format("{} CPUs, {}, {} file descriptors", r.host.cpus, r.host.kernel,
                                    format_count(r.host.fd_limit)));
  html += entry("versions", fmt::format("tacos-load {}, schema {}", r.tool_version, RunReport::kSchema));
  return html +
         "</dl>\n<p class=\"soft\">The same seed makes the same schedule. The numbers behind this page are in it as "
         "JSON, in the element with the id “run”, and in report.json beside it.</p></section>\n";
}

}  // namespace tacos::report
