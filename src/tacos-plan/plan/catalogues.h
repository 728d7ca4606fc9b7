#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "tacos-plan/demand/plan_inputs.h"
#include "tacos-plan/prices/node_types.h"
#include "tacos-plan/prices/price_catalogue.h"
#include "tacos-plan/prices/quotas.h"

namespace tacos::plan {

// The facts of others that a plan looks up: dated prices of its region, sizes of nodes, default quotas.
struct Catalogues {
  PriceCatalogue prices;
  std::vector<NodeType> node_types;
  QuotaCatalogue quotas;
};

// Those that the inputs ask for: the region's prices in the era chosen, with the user's file over them when there is
// one. Fails on an unknown region or node type, naming those that there are.
core::Result<Catalogues> catalogues_for(const PlanInputs& inputs, const std::string& prices_file);

}  // namespace tacos::plan
