#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tacos::gateway {

// Reads the JSON object of a request body. Strict: the whole text is checked, UTF-8 included, before anything is taken
// from it. One per thread; its buffers are reused, so that reading allocates nothing after the first. What it returns
// is valid until the next read().
class JsonBody {
 public:
  // Longer bodies never come: the server's limit is the same.
  explicit JsonBody(std::size_t max_body_bytes);
  ~JsonBody();

  // Whether body is a JSON object in which, at any depth, no name stands twice and no object has more than 64 members.
  // An empty body counts as an empty one.
  bool read(std::string_view body);

  enum class Found { kYes, kAbsent, kWrongType };
  // null counts as absent.
  Found get_text(const char* name, std::string_view& into) const;
  Found get_integer(const char* name, std::int64_t& into) const;
  Found get_number(const char* name, double& into) const;
  // The name of the first member that is none of these, its first 64 bytes at most; nothing when all are.
  std::optional<std::string_view> unknown_member(std::span<const std::string_view> known) const;
  // Whole numbers from 0 on, at most as many as into may hold by its capacity.
  Found get_numbers(const char* name, std::vector<std::uint64_t>& into, std::size_t most) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tacos::gateway
