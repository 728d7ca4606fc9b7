#include "tacos-gateway/token/strict_json.h"

#include <cmath>
#include <string>

#include <simdjson.h>

namespace tacos::gateway {
namespace {

namespace dom = simdjson::dom;

static_assert(StrictJson::kPadding >= simdjson::SIMDJSON_PADDING);
constexpr double kEndOf9999 = 253'402'300'800.0;

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

bool members_are_distinct(dom::element element, std::size_t& members_left);

bool members_are_distinct(dom::object object, std::size_t& members_left) {
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (members_left == 0 || !is_utf8(member.key())) return false;
    --members_left;
    for (auto before = object.begin(); before != member; ++before) {
      if (before.key() == member.key()) return false;
    }
    if (!members_are_distinct(member.value(), members_left)) return false;
  }
  return true;
}

bool members_are_distinct(dom::element element, std::size_t& members_left) {
  dom::object object;
  dom::array array;
  std::string_view text;
  if (element.get(object) == simdjson::SUCCESS) return members_are_distinct(object, members_left);
  if (element.get(text) == simdjson::SUCCESS) return is_utf8(text);
  if (element.get(array) != simdjson::SUCCESS) return true;
  for (const dom::element item : array) {
    if (!members_are_distinct(item, members_left)) return false;
  }
  return true;
}

}  // namespace

struct StrictJson::Parser {
  dom::parser parser;
  dom::object object;
  std::size_t max_bytes = 0;
  bool read = false;

  std::optional<dom::element> find(const char* name) const {
    dom::element element;
    if (!read || object.at_key(name).get(element) != simdjson::SUCCESS) return std::nullopt;
    return element;
  }
};

StrictJson::StrictJson(std::size_t max_bytes) : parser_(std::make_unique<Parser>()) {
  parser_->max_bytes = max_bytes;
  // Sized by the longest text there may be, so that no later one makes the parser grow.
  std::string longest(max_bytes + kPadding, ' ');
  longest.replace(0, 2, "{}");
  if (parser_->parser.allocate(max_bytes, kMaxDepth) == simdjson::SUCCESS) read({longest.data(), max_bytes});
}

StrictJson::~StrictJson() = default;

bool StrictJson::read(std::string_view text) {
  Parser& p = *parser_;
  p.read = false;
  if (text.empty() || text.size() > p.max_bytes) return false;
  dom::element root;
  if (p.parser.parse(text.data(), text.size(), false).get(root) != simdjson::SUCCESS) return false;
  if (root.get(p.object) != simdjson::SUCCESS) return false;
  std::size_t members_left = kMaxMembers;
  p.read = members_are_distinct(p.object, members_left);
  return p.read;
}

bool StrictJson::has(const char* name) const {
  return parser_->find(name).has_value();
}

std::optional<std::string_view> StrictJson::text(const char* name) const {
  const auto element = parser_->find(name);
  std::string_view text;
  if (!element || element->get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<bool> StrictJson::names(const char* name, std::string_view wanted) const {
  const auto element = parser_->find(name);
  if (!element) return std::nullopt;
  std::string_view text;
  if (element->get(text) == simdjson::SUCCESS) return text == wanted;
  dom::array array;
  if (element->get(array) != simdjson::SUCCESS) return std::nullopt;
  bool found = false;
  for (const dom::element item : array) {
    if (item.get(text) != simdjson::SUCCESS) return std::nullopt;
    found = found || text == wanted;
  }
  return found;
}

std::optional<std::int64_t> StrictJson::unix_ms(const char* name) const {
  const auto element = parser_->find(name);
  if (!element) return std::nullopt;
  std::int64_t whole = 0;
  if (element->get(whole) == simdjson::SUCCESS) {
    if (whole < 0 || whole >= static_cast<std::int64_t>(kEndOf9999)) return std::nullopt;
    return whole * 1000;
  }
  double seconds = 0;
  if (element->get(seconds) != simdjson::SUCCESS || !(seconds >= 0 && seconds < kEndOf9999)) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(seconds * 1000));
}

}  // namespace tacos::gateway
