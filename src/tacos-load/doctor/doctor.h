#pragma once

#include <string>

namespace tacos::load {

// `tacos-load doctor`: looks at the machine for about five seconds and prints what it can do, as "text" or "json".
// Returns the exit code: 0 when it could look, whatever it found; 3 when it could not measure.
int run_doctor(const std::string& format);

}  // namespace tacos::load
