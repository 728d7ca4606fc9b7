#pragma once

#include <nlohmann/json.hpp>

#include "measure/json_reader.h"
#include "measure/run_report.h"

namespace tacos::measure {

// The parts of report.json about components; keys without a value are left out.
nlohmann::ordered_json components_json(const std::vector<Component>& components);
nlohmann::ordered_json component_intervals_json(const std::vector<ComponentInterval>& intervals);
// Of one rung, each with its name.
nlohmann::ordered_json component_uses_json(const std::vector<std::pair<std::string, ComponentUse>>& uses);
nlohmann::ordered_json bottleneck_json(const Bottleneck& bottleneck);

std::vector<std::pair<std::string, ComponentUse>> read_component_uses(const JsonReader& at, const char* key);
// All that the document has at its top; absent keys leave the report as it is.
void read_components(const JsonReader& at, RunReport& report);

}  // namespace tacos::measure
