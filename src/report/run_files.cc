#include "report/run_files.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <sstream>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "core/units.h"
#include "measure/hdr_log.h"
#include "report/junit.h"
#include "report/markdown.h"
#include "report/page/html_page.h"

namespace tacos::report {
namespace {

// "2026-11-21T08:00:00.250Z" as seconds since 1970; 0 when it is not of that form.
double unix_seconds_of(const std::string& utc) {
  std::tm day{};
  std::istringstream in(utc);
  double fraction = 0;
  if (!(in >> std::get_time(&day, "%Y-%m-%dT%H:%M:%S"))) return 0;
  if (in.peek() == '.') in >> fraction;
  const std::time_t whole = timegm(&day);
  return static_cast<double>(whole) + fraction;
}

}  // namespace

std::string default_directory(const std::string& run_name) {
  std::string safe;
  for (const char c : run_name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    safe += plain ? c : '-';
  }
  return fmt::format("reports/runs/{}-{:%Y%m%dT%H%M%SZ}", safe.empty() ? "run" : safe, fmt::gmtime(std::time(nullptr)));
}

core::Result<void> RunFiles::prepare() const {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  if (error) {
    return core::fail(fmt::format("can't make the report directory '{}': {}. Name another with --report", directory_,
                                  error.message()));
  }
  // Asking for permission says less than writing does.
  if (const auto probe = write_file(".probe", ""); !probe) return probe.error();
  std::filesystem::remove(directory_ + "/.probe", error);
  return {};
}

core::Result<void> RunFiles::write_file(const std::string& name, const std::string& text) const {
  const std::string path = directory_ + "/" + name;
  const std::string beside = path + ".part";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
      const int reason = errno;
      std::error_code ignored;
      std::filesystem::remove(beside, ignored);  // on a full disk, half a report keeps the room that others need
      return core::fail(
          fmt::format("can't write '{}': {}. Name another place with --report", path, std::strerror(reason)));
    }
  }
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) return core::fail(fmt::format("can't write '{}': {}", path, error.message()));
  return {};
}

core::Result<void> RunFiles::write(const measure::RunReport& report, const measure::RunRecord& record) const {
  const auto measured = record.window(core::from_seconds(report.warmup_sec), core::Nanos::max());
  const std::pair<std::string, std::string> files[] = {
      {"report.json", measure::to_json(report)},
      {"intervals.csv", intervals_csv(report)},
      {"latency.hlog", measure::hdr_log(record, {unix_seconds_of(report.started_at), report.started_at})},
      {"latency.hgrm", measure::percentile_distribution(measured.response())},
      {"junit.xml", junit_xml(report)},
      {"summary.md", summary_markdown(report)},
      {"report.html", html_page(report, record)}};
  for (const auto& [name, text] : files) {
    if (const auto written = write_file(name, text); !written) return written.error();
  }
  return {};
}

std::string intervals_csv(const measure::RunReport& report) {
  std::string text =
      "t_sec,planned,offered,sent,completed,errors,response_p50_ms,response_p99_ms,active_users,send_lag_p99_ms,"
      "dispatch_lag_p99_ms,response_p90_ms,response_p99_9_ms,service_p50_ms,service_p99_ms,admitted,position_p50";
  for (const auto name : measure::kOutcomeNames) fmt::format_to(std::back_inserter(text), ",{}", name);
  for (const auto name : measure::kUserStateNames) fmt::format_to(std::back_inserter(text), ",users_{}", name);
  text += '\n';
  for (const auto& i : report.intervals) {
    fmt::format_to(std::back_inserter(text), "{:.9g},{:.9g},{},{},{},{},{:.9g},{:.9g},{},{:.9g},{:.9g}", i.t_sec,
                   i.planned, i.offered, i.sent, i.completed, i.errors, i.response_p50_ms, i.response_p99_ms,
                   i.active_users, i.send_lag_p99_ms, i.dispatch_lag_p99_ms);
    fmt::format_to(std::back_inserter(text), ",{:.9g},{:.9g},{:.9g},{:.9g},{},{:.9g}", i.response_p90_ms,
                   i.response_p99_9_ms, i.service_p50_ms, i.service_p99_ms, i.admitted, i.position_p50);
    for (const auto count : i.outcomes) fmt::format_to(std::back_inserter(text), ",{}", count);
    for (const auto count : i.users) fmt::format_to(std::back_inserter(text), ",{}", count);
    text += '\n';
  }
  return text;
}

}  // namespace tacos::report
