#include "tacos-load/doctor/doctor_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "tacos-load/version.h"

namespace tacos::load {
namespace {

using core::format_count;
using json = nlohmann::ordered_json;
using Out = std::back_insert_iterator<std::string>;

constexpr std::size_t kColumns = 80;

// Words, but what stands in quotes is one.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : text) {
    quoted ^= c == '\'';
    if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

// Lines of at most kColumns: the first begins with `first`, the others with `rest`; each that is continued ends with
// `more`.
std::string folded(const std::string& text, const std::string& first, const std::string& rest,
                   const std::string& more = "") {
  std::string all;
  std::string line = first;
  bool begun = false;
  for (const auto& word : words_of(text)) {
    if (begun && line.size() + 1 + word.size() + more.size() > kColumns) {
      all += line + more + "\n";
      line = rest;
      begun = false;
    }
    line += (begun ? " " : "") + word;
    begun = true;
  }
  return all + line + "\n";
}

// Prose has apostrophes, which don't quote.
std::string prose(std::string text, const std::string& first, const std::string& rest) {
  constexpr char kApostrophe = '\x01';
  std::replace(text.begin(), text.end(), '\'', kApostrophe);
  std::string lines = folded(text, first, rest);
  std::replace(lines.begin(), lines.end(), kApostrophe, '\'');
  return lines;
}

std::string painted(Standing standing, const std::string& word, bool colour) {
  if (!colour) return word;
  constexpr std::array<const char*, 3> kPaint = {"\x1b[32m", "\x1b[1;33m", "\x1b[1;31m"};
  return kPaint[static_cast<std::size_t>(standing)] + word + "\x1b[0m";
}

std::string rate(double per_second) {
  return format_count(static_cast<std::uint64_t>(per_second / 100) * 100);
}

void write_fit(const HeadlineFit& fit, const char* where, bool colour, Out out) {
  const Standing standing = fit.carries() ? Standing::kGood : Standing::kPoor;
  fmt::format_to(out, "  {:<34}{}\n", where, painted(standing, fit.carries() ? "yes" : "NO", colour));
  for (const auto& obstacle : fit.obstacles) fmt::format_to(out, "{}", prose(obstacle, "    - ", "      "));
}

void write_capacity(const Capacity& capacity, bool colour, Out out) {
  fmt::format_to(out, "\nThe headline: 30,000 requests/s from 300,000 users\n");
  write_fit(capacity.headline, "target on another machine", colour, out);
  write_fit(capacity.headline_here, "target on this machine", colour, out);
  fmt::format_to(out, "\nWhat this machine carries{:>20} {:>16}\n", "target elsewhere", "target here");
  const auto row = [&](const char* name, const std::string& there, const std::string& here) {
    fmt::format_to(out, "  {:<26}{:>17} {:>16}\n", name, there, here);
  };
  row("requests/s that it can hold", rate(capacity.rate_per_second), rate(capacity.rate_per_second_here));
  row("connections to one target", format_count(capacity.connections), format_count(capacity.connections_here));
  row("users", format_count(capacity.users), format_count(capacity.users));
}

void write_findings(const std::vector<Finding>& findings, bool colour, Out out) {
  fmt::format_to(out, "\nWhat was found\n");
  for (const auto& f : findings) {
    const std::string word(name_of(f.verdict));
    fmt::format_to(out, "  {}{} {:<17}", painted(f.verdict, word, colour), std::string(8 - word.size(), ' '), f.name);
    const std::string indent(28, ' ');
    fmt::format_to(out, "{}", folded(f.value, indent, indent).substr(indent.size()));
  }
}

void write_remedies(const std::vector<Finding>& findings, bool colour, Out out) {
  std::vector<Finding> wanting;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(wanting),
               [](const Finding& f) { return f.verdict != Standing::kGood; });
  std::stable_sort(wanting.begin(), wanting.end(),
                   [](const Finding& a, const Finding& b) { return a.verdict > b.verdict; });
  if (wanting.empty()) {
    fmt::format_to(out, "\nNothing to raise.\n");
    return;
  }
  fmt::format_to(out, "\nWhat to do about it, the worst first\n");
  for (const auto& f : wanting) {
    fmt::format_to(out, "\n  {} ({}: {})\n", f.name, painted(f.verdict, std::string(name_of(f.verdict)), colour),
                   f.value);
    fmt::format_to(out, "{}", prose(f.why, "    ", "    "));
    for (const auto& remedy : f.remedies) {
      fmt::format_to(out, "{}{}", prose(remedy.effect, "      # ", "      # "),
                     folded(remedy.command, "      ", "        ", " \\"));
    }
  }
}

// Three decimals of what is counted in microseconds or per cent are noise already.
double rounded(double value) {
  return std::round(value * 1e3) / 1e3;
}
double us(core::Nanos time) {
  return rounded(static_cast<double>(time.count()) / 1e3);
}

json write(const Spread& spread) {
  return {{"p50", us(spread.p50)}, {"p99", us(spread.p99)}, {"max", us(spread.max)}};
}

json write(const MachineSurvey& m) {
  return {{"kernel", m.kernel},
          {"cpus_online", m.cpus_online},
          {"cpus_allowed", m.cpus_allowed},
          {"cpu_quota", m.cpu_quota > 0 ? json(rounded(m.cpu_quota)) : json(nullptr)},
          {"cpu_governor", m.governor},
          {"load_average", m.load_average},
          {"memory_bytes", m.memory_bytes},
          {"fd_soft", m.fd_soft},
          {"fd_hard", m.fd_hard},
          {"fd_per_process_max", m.fd_per_process_max},
          {"fd_system_max", m.fd_system_max},
          {"first_port", m.first_port},
          {"last_port", m.last_port},
          {"listen_backlog", m.listen_backlog},
          {"syn_backlog", m.syn_backlog},
          {"tw_reuse", m.tw_reuse},
          {"clock_source", m.clock_source},
          {"clock_sources", m.clock_sources}};
}

json write(const MachineTimings& t) {
  return {{"clock_read_ns", rounded(t.clock.read_ns)},
          {"clock_step_ns", t.clock.smallest_step.count()},
          {"clock_steady", t.clock.steady},
          {"timer_lateness_us", write(t.timer_lateness)},
          {"stolen_longest_us", us(t.stolen.longest_gap)},
          {"stolen_share", std::round(t.stolen.share * 1e6) / 1e6},
          {"steal_share", std::round(t.steal_share * 1e6) / 1e6},
          {"loopback_us", write(t.loopback)},
          {"requests", t.request.requests},
          {"client_cpu_us_per_request", rounded(t.request.client_cpu_us)},
          {"server_cpu_us_per_request", rounded(t.request.server_cpu_us)}};
}

json write(const Finding& f) {
  json commands = json::array();
  for (const auto& remedy : f.remedies) commands.push_back({{"command", remedy.command}, {"effect", remedy.effect}});
  return {
      {"name", f.name}, {"value", f.value}, {"verdict", name_of(f.verdict)}, {"why", f.why}, {"commands", commands}};
}

json write(const HeadlineFit& fit, double per_second, std::uint64_t connections) {
  return {{"rate_rps", std::floor(per_second)},
          {"connections", connections},
          {"carries_headline", fit.carries()},
          {"obstacles", fit.obstacles}};
}

}  // namespace

std::string doctor_text(const Diagnosis& diagnosis, bool colour) {
  std::string text;
  const Out out = std::back_inserter(text);
  const auto& capacity = diagnosis.assessment.capacity;
  fmt::format_to(out, "tacos-load {} on Linux {}, {:.3g} cores\n", kVersion, diagnosis.machine.kernel, capacity.cores);
  write_capacity(capacity, colour, out);
  write_findings(diagnosis.assessment.findings, colour, out);
  write_remedies(diagnosis.assessment.findings, colour, out);
  return text;
}

std::string doctor_json(const Diagnosis& diagnosis) {
  const auto& capacity = diagnosis.assessment.capacity;
  const Headline headline;
  json findings = json::array();
  for (const auto& finding : diagnosis.assessment.findings) findings.push_back(write(finding));
  const json document = {
      {"schema", "tacos.doctor/1"},
      {"tool_version", kVersion},
      {"machine", write(diagnosis.machine)},
      {"timings", write(diagnosis.timings)},
      {"findings", findings},
      {"headline", {{"rate_rps", headline.rate_per_second}, {"users", headline.users}}},
      {"capacity",
       {{"cores", rounded(capacity.cores)},
        {"workers", capacity.workers},
        {"users", capacity.users},
        {"target_elsewhere", write(capacity.headline, capacity.rate_per_second, capacity.connections)},
        {"target_here", write(capacity.headline_here, capacity.rate_per_second_here, capacity.connections_here)}}}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace tacos::load
