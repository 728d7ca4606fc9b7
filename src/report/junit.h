#pragma once

#include <string>

#include "measure/run_report.h"

namespace tacos::report {

// junit.xml, which CI servers show: a test case for each gate (of each rung, where there are rungs) and one for the
// run's validity, which is an error rather than a failure when the run proves nothing.
std::string junit_xml(const measure::RunReport& report);

}  // namespace tacos::report
