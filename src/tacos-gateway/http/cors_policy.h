#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/result.h"
#include "net/http_request.h"

namespace tacos::gateway {

// Which pages of other origins may call the API from a browser: the CORS protocol (Fetch standard, section 3.2) for a
// list of origins, each compared byte by byte. Never for /admin and /metrics. Immutable, any thread; writing allocates
// nothing that the buffer does not.
class CorsPolicy {
 public:
  CorsPolicy() = default;
  explicit CorsPolicy(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // Appends the header lines that every answer to this request carries; none without origins.
  void write_headers(const net::HttpRequest& request, fmt::memory_buffer& headers) const;
  // The same for what an answer to OPTIONS adds when a browser asks ahead; methods as an Allow header says them.
  void write_preflight(const net::HttpRequest& request, std::string_view methods, fmt::memory_buffer& headers) const;

 private:
  bool concerns(const net::HttpRequest& request) const;
  bool allows(std::string_view origin) const;

  std::vector<std::string> origins_;
};

// "https://shop.example" or several with commas between. The error tells how a browser would write it.
core::Result<std::vector<std::string>> parse_origins(std::string_view text);

}  // namespace tacos::gateway
