#pragma once

#include <vector>

#include "core/clock.h"
#include "measure/component.h"
#include "tacos-load/observe/observed_component.h"

namespace tacos::load {

// What a report says of components: who they are, and what each used in every interval of the run.
struct ComponentSeries {
  std::vector<measure::Component> components;
  std::vector<measure::ComponentInterval> intervals;
};

// Two samples of one life bound a stretch in which each counter's difference is spread evenly: flow = Δcounter / Δtime.
// A life ends where the source says so, where a counter went down, or where the samples are more than ten seconds (and
// three periods) apart: what happened in between is not known, and the intervals there say nothing. Levels are the
// highest of the samples around an interval. Rates are per second, rounded to six digits, so that what is computed from
// them is the same after they were written and read back.
ComponentSeries component_series(const std::vector<ObservedComponent>& observed, core::Nanos interval,
                                 std::size_t intervals);

}  // namespace tacos::load
