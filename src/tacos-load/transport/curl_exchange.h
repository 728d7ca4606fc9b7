#pragma once

#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "core/clock.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// One slot of the pool: an easy handle that is used for request after request, and what came back for the current one.
class CurlExchange {
 public:
  // base_url: scheme and authority, without a path.
  CurlExchange(const TransportOptions& options, const core::Clock& clock, std::string base_url, ConnectionId id);
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  CURL* easy() const { return easy_.get(); }
  ConnectionId id() const { return id_; }
  bool busy() const { return busy_; }

  // Sets the request up; the caller then adds the handle to the multi.
  void prepare(const Request& request);

  // What the transfer came to. The body's view holds until the next prepare().
  Response finish(CURLcode result);
  Response give_up(measure::Outcome outcome);

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  void note_first_byte();

  const core::Clock& clock_;
  const std::string base_url_;
  const std::vector<std::string> fixed_headers_;
  const std::uint32_t most_response_bytes_;
  ConnectionId id_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  HeaderList headers_;
  std::string url_;
  std::string request_body_;
  std::string body_;
  core::Nanos retry_after_{0};
  core::Instant sent_;
  core::Instant first_byte_;
  bool got_bytes_ = false;
  bool too_large_ = false;
  bool busy_ = false;
};

}  // namespace tacos::load
