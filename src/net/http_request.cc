#include "net/http_request.h"

namespace tacos::net {
namespace {

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

std::string_view name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::kGet:
      return "GET";
    case HttpMethod::kHead:
      return "HEAD";
    case HttpMethod::kPost:
      return "POST";
    case HttpMethod::kPut:
      return "PUT";
    case HttpMethod::kDelete:
      return "DELETE";
    case HttpMethod::kPatch:
      return "PATCH";
    case HttpMethod::kOptions:
      return "OPTIONS";
    case HttpMethod::kTrace:
      return "TRACE";
    case HttpMethod::kConnect:
      return "CONNECT";
  }
  return "";
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::string_view HttpRequest::query_value(std::string_view name) const {
  std::string_view rest = query();
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name)) {
      return pair.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

const HttpRequest::HeaderSlice* HttpRequest::find(std::string_view name) const {
  for (const HeaderSlice& header : headers_) {
    if (header.name_size == name.size() && equals_ignoring_case(name_of(header), name)) return &header;
  }
  return nullptr;
}

std::string_view HttpRequest::header(std::string_view name) const {
  const HeaderSlice* found = find(name);
  return found != nullptr ? value_of(*found) : std::string_view();
}

std::optional<std::string_view> HttpRequest::header_from_end(std::string_view name, std::size_t nth) const {
  for (auto header = headers_.rbegin(); header != headers_.rend(); ++header) {
    if (!equals_ignoring_case(name_of(*header), name)) continue;
    if (nth-- == 0) return value_of(*header);
  }
  return std::nullopt;
}

std::string_view HttpRequest::sole_header(std::string_view name) const {
  const HeaderSlice* sole = nullptr;
  for (const HeaderSlice& header : headers_) {
    if (header.name_size != name.size() || !equals_ignoring_case(name_of(header), name)) continue;
    if (sole != nullptr) return {};
    sole = &header;
  }
  return sole != nullptr ? value_of(*sole) : std::string_view();
}

bool HttpRequest::has_header(std::string_view name) const {
  return find(name) != nullptr;
}

}  // namespace tacos::net
