#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tacos::gateway {

// Reads a JSON object whose every member must mean one thing: names are distinct at every depth (RFC 7519, 4), texts
// are valid UTF-8 once their escapes are resolved, and there are at most 64 members in all, 8 levels deep.
// One per thread; allocates nothing after make. What it returns is valid until the next read().
class StrictJson {
 public:
  static constexpr std::size_t kMaxMembers = 64;
  static constexpr std::size_t kMaxDepth = 8;
  static constexpr std::size_t kPadding = 64;

  // Nothing longer is read.
  explicit StrictJson(std::size_t max_bytes);
  ~StrictJson();

  // kPadding readable bytes must follow the text.
  bool read(std::string_view text);

  bool has(const char* name) const;
  // Nothing when there is no such member or it is no text.
  std::optional<std::string_view> text(const char* name) const;
  // Whether the member is this text, or an array of texts with this one among them; nothing when it is neither.
  std::optional<bool> names(const char* name, std::string_view wanted) const;
  // Seconds since 1970 from 0 to the end of the year 9999, as milliseconds rounded down (RFC 7519, 2: NumericDate).
  std::optional<std::int64_t> unix_ms(const char* name) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tacos::gateway
