#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/random.h"

namespace tacos::gateway {

// 32 hex digits that name one request in answers, logs and traces.
class TraceId {
 public:
  static constexpr std::size_t kSize = 32;

  // Never all zeros, which W3C Trace Context (section 3.2.2.3) calls invalid.
  static TraceId random(core::Random& random);
  // The trace id of a traceparent header (W3C Trace Context, section 3.2); nothing when the header is not a valid one.
  static std::optional<TraceId> from_traceparent(std::string_view header);

  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, kSize> text_{};
};

}  // namespace tacos::gateway
