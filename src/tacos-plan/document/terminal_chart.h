#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/page/svg_chart.h"
#include "tacos-plan/document/ink.h"

namespace tacos::plan {

// A line chart as sparklines, one a series, each with its lowest and highest value, and from where to where they run.
std::vector<std::string> terminal_chart(const report::Chart& chart, const Ink& ink, std::size_t width);

// A value on an axis of that unit, in words.
std::string axis_text(double value, report::Chart::Unit unit);

}  // namespace tacos::plan
