#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "core/clock.h"
#include "tacos-load/transport/socket_watch.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// One deleter each: all but the list are void to a C++ compiler.
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeShare {
  void operator()(CURLSH* share) const { curl_share_cleanup(share); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// The addresses of a comma separated list, unchecked.
std::vector<std::string> split_addresses(const std::string& list);

// What the slots of one transport have in common.
struct CurlPool {
  CurlPool(const TransportOptions& options, const core::Clock& clock);

  TransportOptions options;
  const core::Clock& clock;
  SocketWatch watch;
  TransportStats stats;
  std::uint64_t open_now = 0;
  std::string base_url;       // scheme and authority
  std::string target_prefix;  // a plain proxy is told the whole address (RFC 9112, 3.2.2)
  std::vector<std::string> sources;
  std::string json_header = "Content-Type: application/json";
  std::unique_ptr<curl_slist, FreeList> fixed_headers;
};

// One slot of the pool: an easy handle with a connection cache of its own, so that the slot keeps its connection as a
// browser does and libcurl never searches a thousand others for a free one. It carries one request at a time.
//
// Owned by the transport, used on its thread; it stays where it is, since libcurl holds its address. After the first
// requests nothing here allocates (libcurl itself does, for each).
class CurlExchange {
 public:
  CurlExchange(CurlPool& pool, ConnectionId id);
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  CURL* easy() const { return easy_.get(); }
  ConnectionId id() const { return id_; }
  bool busy() const { return busy_; }

  // Words the request; the caller then hands the handle to the multi handle.
  void prepare(const Request& request);

  // The same for "OPTIONS /": safe (RFC 9110, 9.2.1), and seldom anybody's business. ("OPTIONS *" is meant for this,
  // but nginx answers it 400 and hangs up.)
  void prepare_ping();

  // Whether a connection for the current request was made, or was there.
  bool connected() const { return connected_; }

  // What the transfer came to. Its body moves into `body`, so that the slot is free for the next request at once.
  Response finish(CURLcode result, std::string& body);
  Response give_up(measure::Outcome outcome);

  // Why no connection could be made: the system's word for it if there is one, else libcurl's.
  std::string connect_failure(CURLcode result) const;

 private:
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int on_about_to_send(void* self, char*, char*, int, int) noexcept;
  static curl_socket_t on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept;
  static int on_close_socket(void* self, curl_socket_t socket) noexcept;

  void set_transfer_options();
  void set_connection_options();
  void begin();
  void set_method(Method method, bool with_body);
  void set_version();
  void set_headers(const Request& request, bool with_body);
  void read_retry_after(std::string_view value);
  measure::Outcome outcome_of(CURLcode result) const;

  CurlPool& pool_;
  ConnectionId id_;
  std::unique_ptr<CURLSH, FreeShare> own_cache_;  // freed after the handle that uses it
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};

  std::string target_;
  std::string request_body_;
  std::string bearer_;
  std::string idempotency_;
  std::array<curl_slist, 3> headers_{};  // the request's own, linked in front of the pool's
  const char* verb_ = nullptr;
  long version_ = CURL_HTTP_VERSION_NONE;

  std::string body_;
  core::Nanos retry_after_{0};
  core::Instant sent_;
  core::Instant first_byte_;
  bool got_bytes_ = false;
  bool head_complete_ = false;
  bool too_large_ = false;
  bool busy_ = false;
  bool pinging_ = false;
  bool connected_ = false;

  curl_socket_t socket_ = CURL_SOCKET_BAD;  // the last that was opened
  int sockets_ = 0;       // open ones: more than one while address families race, or while a dead one is replaced
  bool fresh_ = false;    // a socket was opened since the last request was sent
  bool open_ = false;     // counted in open_now
  bool carried_ = false;  // the connection has carried a request
};

}  // namespace tacos::load
