#include "tacos-plan/prices/node_types.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tacos-plan/prices/dated_json.h"
#include "tacos-plan/prices/embedded_prices.h"

namespace tacos::plan {
namespace {

constexpr double kMostGib = 1e5;
constexpr double kMostVcpus = 1024;
constexpr double kMostGbps = 1e4;

NodeType read_node_type(const std::string& name, const JsonEntry& entry) {
  entry.allow({"memory_gib", "vcpus", "baseline_gbps", "burst_gbps", "reserved_share", "source", "url", "as_of",
               "verified", "note"});
  NodeType type;
  type.name = name;
  type.memory_gib = entry.number("memory_gib", 0.001, kMostGib);
  const double vcpus = entry.number("vcpus", 1, kMostVcpus);
  type.vcpus = static_cast<unsigned>(vcpus);
  if (type.vcpus != vcpus) entry.fault("vcpus", fmt::format("{} is not a whole number", vcpus));
  type.baseline_gbps = entry.number("baseline_gbps", 0.001, kMostGbps);
  type.burst_gbps = entry.number("burst_gbps", type.baseline_gbps, kMostGbps);
  type.reserved_share = entry.number("reserved_share", 0, 0.99);
  type.source = entry.text("source");
  type.url = entry.text_or_empty("url");
  type.as_of = entry.date("as_of");
  type.verified = entry.truth("verified");
  type.note = entry.text_or_empty("note");
  return type;
}

}  // namespace

core::Result<std::vector<NodeType>> read_node_types(std::string_view json, std::string_view name_of_file) {
  return read_dated_json<std::vector<NodeType>>(json, "tacos.node-types/1", name_of_file, [](const JsonEntry& root) {
    root.allow({"schema", "note", "node_types"});
    std::vector<NodeType> types;
    root.each_member("node_types", [&](const std::string& name, const JsonEntry& entry) {
      types.push_back(read_node_type(name, entry));
    });
    // A JSON object has no order of its own.
    std::sort(types.begin(), types.end(), [](const NodeType& a, const NodeType& b) {
      return a.memory_gib != b.memory_gib ? a.memory_gib < b.memory_gib : a.name < b.name;
    });
    return types;
  });
}

core::Result<std::vector<NodeType>> built_in_node_types() {
  return read_node_types(kNodeTypes, "data/node-types.json");
}

core::Result<NodeType> node_type(const std::vector<NodeType>& types, std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(), [&](const NodeType& t) { return t.name == name; });
  if (found != types.end()) return *found;
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const auto& type : types) names.push_back(type.name);
  return core::fail(fmt::format("'{}' is not a known node type; there are {}", name, fmt::join(names, ", ")));
}

double usable_memory_gib(const NodeType& type) {
  return type.memory_gib * (1 - type.reserved_share);
}

}  // namespace tacos::plan
