#include "tacos-gateway/http/json_body.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <simdjson.h>

namespace tacos::gateway {
namespace {

namespace dom = simdjson::dom;

// Nothing in the contract nests deeper than an array in an object.
constexpr std::size_t kMaxDepth = 16;

// The contract's objects have ten members at most. A bound lets every pair be compared, which needs no memory.
constexpr std::size_t kMaxMembers = 64;

bool is_unambiguous(dom::element element);

// Whether no name stands in it twice: readers differ in which one they take (RFC 8259 section 4).
bool is_unambiguous(dom::object object) {
  std::array<std::string_view, kMaxMembers> names;
  std::size_t count = 0;
  for (const dom::key_value_pair member : object) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(count);
    if (count == kMaxMembers || std::find(names.begin(), end, member.key) != end) return false;
    names[count++] = member.key;
    if (!is_unambiguous(member.value)) return false;
  }
  return true;
}

// As deep as the parser let it be.
bool is_unambiguous(dom::element element) {
  dom::object object;
  if (element.get(object) == simdjson::SUCCESS) return is_unambiguous(object);
  dom::array array;
  if (element.get(array) != simdjson::SUCCESS) return true;
  for (const dom::element item : array) {
    if (!is_unambiguous(item)) return false;
  }
  return true;
}

}  // namespace

struct JsonBody::Parser {
  dom::parser parser;
  dom::object object;
  bool empty = true;
  std::unique_ptr<char[]> padded;
  std::size_t capacity = 0;

  // Nothing when absent or null.
  std::optional<dom::element> find(const char* name) const {
    if (empty) return std::nullopt;
    dom::element element;
    if (object.at_key(name).get(element) != simdjson::SUCCESS || element.is_null()) return std::nullopt;
    return element;
  }
};

JsonBody::JsonBody(std::size_t max_body_bytes) : parser_(std::make_unique<Parser>()) {
  parser_->capacity = max_body_bytes;
  parser_->padded = std::make_unique<char[]>(max_body_bytes + simdjson::SIMDJSON_PADDING);
}

JsonBody::~JsonBody() = default;

bool JsonBody::read(std::string_view body) {
  Parser& p = *parser_;
  p.empty = true;
  if (body.empty()) return true;
  if (body.size() > p.capacity) return false;
  // simdjson reads in blocks and may look a little past the end.
  std::memcpy(p.padded.get(), body.data(), body.size());
  std::memset(p.padded.get() + body.size(), 0, simdjson::SIMDJSON_PADDING);
  if (p.parser.capacity() < body.size() &&
      p.parser.allocate(std::max<std::size_t>(body.size(), 1024), kMaxDepth) != 0) {
    return false;
  }
  dom::element root;
  if (p.parser.parse(p.padded.get(), body.size(), false).get(root) != simdjson::SUCCESS) return false;
  if (root.get(p.object) != simdjson::SUCCESS || !is_unambiguous(p.object)) return false;
  p.empty = false;
  return true;
}

JsonBody::Found JsonBody::get_text(const char* name, std::string_view& into) const {
  const auto element = parser_->find(name);
  if (!element) return Found::kAbsent;
  return element->get(into) == simdjson::SUCCESS ? Found::kYes : Found::kWrongType;
}

JsonBody::Found JsonBody::get_integer(const char* name, std::int64_t& into) const {
  const auto element = parser_->find(name);
  if (!element) return Found::kAbsent;
  return element->get(into) == simdjson::SUCCESS ? Found::kYes : Found::kWrongType;
}

JsonBody::Found JsonBody::get_number(const char* name, double& into) const {
  const auto element = parser_->find(name);
  if (!element) return Found::kAbsent;
  return element->get(into) == simdjson::SUCCESS ? Found::kYes : Found::kWrongType;
}

std::optional<std::string_view> JsonBody::unknown_member(std::span<const std::string_view> known) const {
  static constexpr std::size_t kLongestShown = 64;
  if (parser_->empty) return std::nullopt;
  for (const dom::key_value_pair member : parser_->object) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    if (member.key.size() <= kLongestShown) return member.key;
    // Not in the middle of a character of UTF-8.
    std::size_t end = kLongestShown;
    while (end > 0 && (static_cast<unsigned char>(member.key[end]) & 0xc0) == 0x80) --end;
    return member.key.substr(0, end);
  }
  return std::nullopt;
}

JsonBody::Found JsonBody::get_numbers(const char* name, std::vector<std::uint64_t>& into, std::size_t most) const {
  into.clear();
  const auto element = parser_->find(name);
  if (!element) return Found::kAbsent;
  dom::array array;
  if (element->get(array) != simdjson::SUCCESS) return Found::kWrongType;
  for (const dom::element item : array) {
    std::uint64_t number = 0;
    if (into.size() == most || item.get(number) != simdjson::SUCCESS) return Found::kWrongType;
    into.push_back(number);
  }
  return Found::kYes;
}

}  // namespace tacos::gateway
