#pragma once

namespace tacos::plan {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace tacos::plan
