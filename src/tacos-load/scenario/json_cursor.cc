#include "tacos-load/scenario/json_cursor.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tacos::load {
namespace {

using nlohmann::json;

// A value for a message: short, whatever it is.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// Reference tokens of a JSON pointer (RFC 6901, 3).
std::string pointer_token(std::string_view key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

}  // namespace

JsonCursor::JsonCursor(const json& object, std::string pointer, std::vector<std::string>& errors)
    : object_(&object), pointer_(std::move(pointer)), errors_(&errors) {
  if (!object.is_object()) fault("", fmt::format("is {}; expected an object", shown(object)));
}

void JsonCursor::fault(const std::string& key, const std::string& message) {
  const std::string at = key.empty() ? pointer_ : pointer_ + "/" + pointer_token(key);
  errors_->push_back(fmt::format("{} {}", at.empty() ? "the document" : at, message));
}

const json* JsonCursor::member(const std::string& key) {
  known_.insert(key);
  if (!object_->is_object()) return nullptr;
  const auto found = object_->find(key);
  return found == object_->end() ? nullptr : &*found;
}

bool JsonCursor::has(const std::string& key) {
  return member(key) != nullptr;
}

void JsonCursor::text(const std::string& key, std::string& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  if (!value->is_string()) {
    fault(key, fmt::format("is {}; expected a text", shown(*value)));
    return;
  }
  into = value->get<std::string>();
}

void JsonCursor::flag(const std::string& key, bool& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  if (!value->is_boolean()) {
    fault(key, fmt::format("is {}; expected true or false", shown(*value)));
    return;
  }
  into = value->get<bool>();
}

void JsonCursor::count(const std::string& key, std::uint64_t least, std::uint64_t most, std::uint64_t& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() < least || value->get<std::uint64_t>() > most) {
    fault(key, fmt::format("is {}; expected a whole number from {} to {}", shown(*value), least, most));
    return;
  }
  into = value->get<std::uint64_t>();
}

void JsonCursor::count(const std::string& key, std::uint64_t least, std::uint64_t most, std::uint32_t& into) {
  std::uint64_t wide = into;
  count(key, least, most, wide);
  into = static_cast<std::uint32_t>(wide);
}

void JsonCursor::rate(const std::string& key, core::Rate& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  if (value->is_number() && value->get<double>() >= 0 && value->get<double>() <= 1e9) {
    into = core::Rate::per_second(value->get<double>());
    return;
  }
  if (value->is_string()) {
    if (const auto parsed = core::parse_rate(value->get<std::string>())) {
      into = *parsed;
      return;
    }
  }
  fault(key, fmt::format("is {}; expected a rate per second from 0 to 1e9, such as 30000 or \"30k\"", shown(*value)));
}

void JsonCursor::share(const std::string& key, double most, double& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  double read = -1;
  if (value->is_number()) read = value->get<double>();
  if (value->is_string()) {
    if (const auto parsed = core::parse_ratio(value->get<std::string>())) read = *parsed;
  }
  if (!(read >= 0 && read <= most)) {
    fault(key, fmt::format("is {}; expected a share from 0 to {:g}, such as 0.1 or \"10%\"", shown(*value), most));
    return;
  }
  into = read;
}

void JsonCursor::duration(const std::string& key, core::Nanos least, core::Nanos most, core::Nanos& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  const std::string range = fmt::format("from {} to {}", core::format_duration(least), core::format_duration(most));
  if (!value->is_string()) {
    fault(key, fmt::format("is {}; expected a duration {} as a text, such as \"10s\"", shown(*value), range));
    return;
  }
  const auto parsed = core::parse_duration(value->get<std::string>());
  if (!parsed) {
    fault(key, fmt::format("is {}; {}", shown(*value), parsed.error().message));
  } else if (*parsed < least || *parsed > most) {
    fault(key, fmt::format("is {}; expected a duration {}", shown(*value), range));
  } else {
    into = *parsed;
  }
}

void JsonCursor::texts(const std::string& key, std::vector<std::string>& into) {
  const json* value = member(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    fault(key, fmt::format("is {}; expected a list of texts", shown(*value)));
    return;
  }
  std::vector<std::string> read;
  for (std::size_t i = 0; i < value->size(); ++i) {
    if (!(*value)[i].is_string()) {
      fault(key, fmt::format("has {} at index {}; expected a text", shown((*value)[i]), i));
      return;
    }
    read.push_back((*value)[i].get<std::string>());
  }
  into = std::move(read);
}

std::optional<std::size_t> JsonCursor::choice(const std::string& key, const std::vector<std::string>& names) {
  const json* value = member(key);
  if (value == nullptr) return {};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (value->is_string() && value->get<std::string>() == names[i]) return i;
  }
  fault(key, fmt::format("is {}; expected one of \"{}\"", shown(*value), fmt::join(names, "\", \"")));
  return {};
}

std::optional<JsonCursor> JsonCursor::object(const std::string& key) {
  const json* value = member(key);
  if (value == nullptr) return {};
  return JsonCursor(*value, pointer_ + "/" + pointer_token(key), *errors_);
}

std::vector<JsonCursor> JsonCursor::objects(const std::string& key) {
  const json* value = member(key);
  std::vector<JsonCursor> cursors;
  if (value == nullptr) return cursors;
  if (!value->is_array()) {
    fault(key, fmt::format("is {}; expected a list of objects", shown(*value)));
    return cursors;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    cursors.emplace_back((*value)[i], fmt::format("{}/{}/{}", pointer_, pointer_token(key), i), *errors_);
  }
  return cursors;
}

void JsonCursor::finish() {
  if (!object_->is_object()) return;
  for (const auto& [key, value] : object_->items()) {
    if (!known_.contains(key)) {
      fault(key, fmt::format("is not known here; the known members are {}", fmt::join(known_, ", ")));
    }
  }
}

}  // namespace tacos::load
