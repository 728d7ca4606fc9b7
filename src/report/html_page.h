#pragma once

#include <string>
#include <string_view>

#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// report.html: the whole run on one page that needs nothing else, neither a network nor a script. What decides comes
// first (verdict, reasons, gates), what explains it after, and the raw report.json is inside, as the element with the
// id "run". measured is the measured time, warm-up excluded.
std::string html_page(const measure::RunReport& report, const measure::WindowSummary& measured);

// How every page begins, up to and with <body>: title, content policy and style, to which a page may add its own.
std::string page_head(std::string_view title, std::string_view more_style);

}  // namespace tacos::report
