#pragma once

#include "tacos-plan/document/document.h"
#include "tacos-plan/rehearsal/rehearsal.h"

namespace tacos::plan {

// The sale over time: the line and the seats, requests, pods, utilisation, delay.
Document::Charts simulation_charts(const Rehearsal& rehearsal);

}  // namespace tacos::plan
