#pragma once

namespace tacos::load {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace tacos::load
