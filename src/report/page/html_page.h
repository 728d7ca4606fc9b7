#pragma once

#include <string>
#include <string_view>

#include "measure/run_record.h"
#include "measure/run_report.h"

namespace tacos::report {

// report.html: the whole run on one page that needs no network and no other file. What decides comes first (verdict,
// gates, the four questions), what explains it after. Tables are here without a script; the charts are drawn by the
// scripts of page/ with dygraphs, all of them inside, from the elements "run" (report.json as it is) and "detail".
std::string html_page(const measure::RunReport& report, const measure::RunRecord& record);

// How every page begins, up to and with <body>: title, content policy and style, to which a page may add its own.
std::string page_head(std::string_view title, std::string_view more_style);

// JSON in a page, for its scripts: <script type="application/json" id="...">.
std::string data_element(const char* id, const std::string& json);

}  // namespace tacos::report
