#pragma once

#include <string_view>

#include "core/result.h"
#include "tacos-load/observe/figures.h"

namespace tacos::load {

// From the text of INFO: lines "name:value", sections behind '#'. CPU is the server's and, from Redis 6.2 on, that of
// its main thread, which executes the commands; run_id is its life. Lines it does not know are passed over, and so are
// values that are not numbers. Fails when there is no line of it.
core::Result<Figures> parse_redis_info(std::string_view text);

}  // namespace tacos::load
