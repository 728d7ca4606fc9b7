#include "report/page/component_tables.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "report/components.h"
#include "report/page/html_table.h"
#include "report/page/html_text.h"

namespace tacos::report {
namespace {

using measure::Component;
using measure::ComponentUse;
using measure::Flow;
using measure::Level;
using measure::RunReport;

// Beyond this many columns nobody compares them; the rest stand in the list of components.
constexpr std::size_t kMostColumns = 24;

std::string count(double value) {
  return core::format_count(static_cast<std::uint64_t>(std::max(0.0, value) + 0.5));
}

std::string per_second(const std::optional<double>& rate) {
  return rate ? count(*rate) : "–";
}

std::string megabytes(const std::optional<double>& bytes) {
  return bytes ? fmt::format("{:.1f}", *bytes / 1e6) : "–";
}

std::string cores(const std::optional<double>& used) {
  return used ? fmt::format("{:.2f}", *used) : "–";
}

// The share in words and as a shade behind them; cores where no limit is known.
void shaded(Table& table, const ComponentUse* use) {
  if (use == nullptr) {
    table.number("not seen");
  } else if (use->utilisation) {
    table.load(*use->utilisation, fmt::format("{:.0f} %", *use->utilisation * 100), *use->utilisation >= kNearItsLimit);
  } else {
    const auto& cpu = use->of(Flow::kCpu);
    table.number(cpu ? fmt::format("{:.2f} cores", *cpu) : "–");
  }
}

const ComponentUse* use_of(const RunReport::Rung& rung, const std::string& name) {
  for (const auto& [component, use] : rung.components) {
    if (component == name) return &use;
  }
  return nullptr;
}

bool has_commands(const RunReport& r, const Component& component) {
  return std::any_of(r.rungs.begin(), r.rungs.end(), [&](const auto& rung) {
    const ComponentUse* use = use_of(rung, component.name);
    return use != nullptr && use->of(Flow::kCommands);
  });
}

std::string busiest_commands(const ComponentUse& use) {
  std::string text;
  for (const auto& [command, rate] : use.calls) {
    text += fmt::format("{}{} {}/s", text.empty() ? "" : ", ", command, count(rate));
  }
  return text;
}

std::string source_of(const Component& component) {
  const std::string limit = limit_words(component);
  return limit.empty() ? component.source + ", no limit known" : fmt::format("{}, of {}", component.source, limit);
}

}  // namespace

std::string component_matrix(const RunReport& r) {
  if (r.components.empty() || r.rungs.empty()) return "";
  std::vector<std::pair<std::string, Table::Column>> columns{{"rung", Table::kText}, {"achieved/s", Table::kNumber}};
  std::vector<std::pair<const Component*, bool>> shown;  // and whether it is its commands
  for (const auto& component : r.components) {
    if (columns.size() >= kMostColumns) break;
    shown.emplace_back(&component, false);
    columns.emplace_back(component.name + " CPU", Table::kNumber);
    if (!has_commands(r, component)) continue;
    shown.emplace_back(&component, true);
    columns.emplace_back(component.name + " commands/s", Table::kNumber);
  }
  Table table(columns);
  for (const auto& rung : r.rungs) {
    table.row().name(fmt::format("{} {}",
                                 rung.verdict == "passed"   ? "✓"
                                 : rung.verdict == "failed" ? "✗"
                                                            : "⚠",
                                 rung.name));
    table.number(count(rung.achieved_rps));
    for (const auto& [component, commands] : shown) {
      const ComponentUse* use = use_of(rung, component->name);
      if (commands) {
        table.number(use == nullptr ? "not seen" : per_second(use->of(Flow::kCommands)));
      } else {
        shaded(table, use);
      }
    }
  }
  return table.html();
}

std::string components_section(const RunReport& r) {
  if (r.components.empty()) return "";
  Table table({{"component", Table::kText},
               {"of its limit", Table::kNumber},
               {"at most", Table::kNumber},
               {"cores", Table::kNumber},
               {"main thread", Table::kNumber},
               {"commands/s", Table::kNumber},
               {"requests/s", Table::kNumber},
               {"memory MB", Table::kNumber},
               {"received MB/s", Table::kNumber},
               {"sent MB/s", Table::kNumber},
               {"threads", Table::kNumber},
               {"connections", Table::kNumber}});
  constexpr int kColumnsBeside = 11;
  for (const auto& component : r.components) {
    const ComponentUse& use = component.mean;
    table.row("pair").name(component.name);
    shaded(table, use.observed_sec > 0 ? &use : nullptr);
    table.number(component.peak_utilisation
                     ? fmt::format("{:.0f} % at {:.0f} s", *component.peak_utilisation * 100, component.peak_at_sec)
                     : "–");
    table.number(cores(use.of(Flow::kCpu))).number(cores(use.of(Flow::kMainThreadCpu)));
    table.number(per_second(use.of(Flow::kCommands))).number(per_second(use.of(Flow::kRequests)));
    table.number(megabytes(use.of(Level::kMemory)));
    table.number(megabytes(use.of(Flow::kReceivedBytes))).number(megabytes(use.of(Flow::kSentBytes)));
    table.number(per_second(use.of(Level::kThreads))).number(per_second(use.of(Level::kConnections)));
    std::string about = source_of(component);
    if (const std::string busiest = busiest_commands(use); !busiest.empty()) about += "; busiest: " + busiest;
    if (!component.note.empty()) about += "; " + component.note;
    table.row().text("").rest(about, kColumnsBeside);
  }
  return "<section><h2>Components</h2>\n<p class=\"soft\">The parts of the system that were watched, over the measured "
         "time: means per second, memory, threads and connections at their most. CPU is counted in cores.</p>\n" +
         table.html() + "</section>\n";
}

}  // namespace tacos::report
