#include "tacos-gateway/http/cors_policy.h"

#include <algorithm>
#include <iterator>

#include <fmt/compile.h>

#include "net/url.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

Result<std::string> parse_origin(std::string_view text) {
  const auto url = net::parse_url(text);
  if (url.has_error()) {
    return fail(fmt::format("'{}' is not an origin; write scheme://host[:port], such as https://shop.example", text));
  }
  // Browsers write it in lower case, without the scheme's own port and without a path (RFC 6454 section 6.2).
  std::string as_sent = fmt::format("{}://{}", url->scheme, url->host_header());
  if (as_sent != text) {
    return fail(fmt::format("'{}' is not an origin as browsers send it; write {}", text, as_sent));
  }
  return as_sent;
}

}  // namespace

Result<std::vector<std::string>> parse_origins(std::string_view text) {
  std::vector<std::string> origins;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::string_view part = text.substr(at, comma - at);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    auto origin = parse_origin(part);
    if (origin.has_error()) return origin.error();
    origins.push_back(std::move(*origin));
    at = comma + 1;
  }
  return origins;
}

bool CorsPolicy::concerns(const net::HttpRequest& request) const {
  if (origins_.empty()) return false;
  const std::string_view path = request.path();
  return path != "/metrics" && path != "/admin" && !path.starts_with("/admin/");
}

bool CorsPolicy::allows(std::string_view origin) const {
  return std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

void CorsPolicy::write_headers(const net::HttpRequest& request, fmt::memory_buffer& headers) const {
  if (!concerns(request)) return;
  const auto out = std::back_inserter(headers);
  headers.append(std::string_view("Vary: Origin\r\n"));
  const std::string_view origin = request.header("Origin");
  if (!allows(origin)) return;
  fmt::format_to(
      out,
      FMT_COMPILE("Access-Control-Allow-Origin: {}\r\nAccess-Control-Expose-Headers: Retry-After, X-Trace-Id, "
                  "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Idempotency-Cached\r\n"),
      origin);
}

void CorsPolicy::write_preflight(const net::HttpRequest& request, std::string_view methods,
                                 fmt::memory_buffer& headers) const {
  if (!concerns(request) || !allows(request.header("Origin"))) return;
  if (!request.has_header("Access-Control-Request-Method")) return;
  fmt::format_to(std::back_inserter(headers),
                 FMT_COMPILE("Access-Control-Allow-Methods: {}\r\nAccess-Control-Allow-Headers: Authorization, "
                             "Idempotency-Key, Content-Type, traceparent\r\nAccess-Control-Max-Age: 600\r\n"),
                 methods);
}

}  // namespace tacos::gateway
