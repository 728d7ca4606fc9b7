#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace tacos::plan {

// A size of managed Redis node, as its provider documents it.
struct NodeType {
  std::string name{};     // "cache.m7g.xlarge"
  double memory_gib = 0;  // what the data may use before anything is reserved
  unsigned vcpus = 0;
  double baseline_gbps = 0;   // what the network carries for as long as it takes
  double burst_gbps = 0;      // what it carries for minutes, while credits last
  double reserved_share = 0;  // of memory_gib, kept back by default for failover, backup and fragmentation
  std::string source{};
  std::string url{};
  std::string as_of{};
  bool verified = false;
  std::string note{};
};

// Reads schema tacos.node-types/1. Safe on any bytes. Fails with the file's name, JSON pointer, value and range.
core::Result<std::vector<NodeType>> read_node_types(std::string_view json, std::string_view name_of_file);

// Those that the program was built with, smallest memory first.
core::Result<std::vector<NodeType>> built_in_node_types();

// The one of that name. Fails with the names that there are.
core::Result<NodeType> node_type(const std::vector<NodeType>& types, std::string_view name);

// U = M · (1 − r): GiB that data may fill. M: the node's memory, r: its reserved share.
// Source: the provider's "Managing reserved memory for Valkey and Redis OSS".
double usable_memory_gib(const NodeType& type);

}  // namespace tacos::plan
