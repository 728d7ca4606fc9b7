#include "tacos-load/transport/curl_exchange.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <string_view>
#include <strings.h>
#include <sys/socket.h>
#include <utility>

namespace tacos::load {
namespace {

using measure::Outcome;

// libcurl closes what rested longer than this, 118 s by default: a user who polls every two minutes would pay a
// handshake each time without the server having asked for it.
constexpr long kMostRestSeconds = 7L * 24 * 3600;

long milliseconds(core::Nanos duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

}  // namespace

std::vector<std::string> split_addresses(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) parts.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

CurlPool::CurlPool(const TransportOptions& from, const core::Clock& the_clock)
    : options(from), clock(the_clock), sources(split_addresses(from.source_addresses)) {
  const bool bare_v6 = options.host.find(':') != std::string::npos;
  base_url = options.tls ? "https://" : "http://";
  base_url += bare_v6 ? "[" + options.host + "]" : options.host;
  base_url += ":" + std::to_string(options.port);
  if (!options.proxy.empty() && !options.tls && !options.proxy.starts_with("socks")) target_prefix = base_url;

  const auto add = [this](const std::string& header) {
    curl_slist* const longer = curl_slist_append(fixed_headers.get(), header.c_str());
    if (longer == nullptr) return;
    (void)fixed_headers.release();
    fixed_headers.reset(longer);
  };
  add("Accept: application/json");
  add("Expect:");  // no 100-continue: it would be a second round trip that the asio transport does not make
  if (!options.host_header.empty()) add("Host: " + options.host_header);
  for (const auto& header : options.headers) add(header);
}

CurlExchange::CurlExchange(CurlPool& pool, ConnectionId id)
    : pool_(pool), id_(id), own_cache_(curl_share_init()), easy_(curl_easy_init()) {
  curl_share_setopt(own_cache_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
  set_transfer_options();
  set_connection_options();
}

// The connection is closed with its cache, and closing it calls back: all of this object must still be there.
CurlExchange::~CurlExchange() {
  easy_.reset();
  own_cache_.reset();
}

void CurlExchange::set_transfer_options() {
  CURL* const curl = easy_.get();
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "tacos-load");
  curl_easy_setopt(curl, CURLOPT_URL, pool_.base_url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, &CurlExchange::on_about_to_send);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
}

void CurlExchange::set_connection_options() {
  CURL* const curl = easy_.get();
  const TransportOptions& options = pool_.options;
  curl_easy_setopt(curl, CURLOPT_SHARE, own_cache_.get());
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, kMostRestSeconds);
  curl_easy_setopt(curl, CURLOPT_DNS_CACHE_TIMEOUT, -1L);  // one look-up per run, as the asio transport makes
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options.verify_peer ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options.verify_peer ? 2L : 0L);
  // Without a directory the certificates are read once for all connections (CURLOPT_CA_CACHE_TIMEOUT) instead of once
  // each.
  curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  if (!options.verify_peer) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, nullptr);
  } else if (!options.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  }
  // An empty proxy also keeps http_proxy in the environment from sending the load somewhere else.
  curl_easy_setopt(curl, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // the proxy's own answer is not the first byte
  if (!pool_.sources.empty()) {
    const std::string source = "host!" + pool_.sources[id_ % pool_.sources.size()];
    curl_easy_setopt(curl, CURLOPT_INTERFACE, source.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, &CurlExchange::on_open_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, &CurlExchange::on_close_socket);
  curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, this);
}

void CurlExchange::begin() {
  body_.clear();
  retry_after_ = core::Nanos(0);
  got_bytes_ = head_complete_ = too_large_ = pinging_ = connected_ = false;
  error_text_[0] = '\0';
  busy_ = true;
  set_version();
  sent_ = pool_.clock.now();
}

void CurlExchange::prepare(const Request& request) {
  begin();
  target_.assign(pool_.target_prefix);
  target_ += request.target;
  curl_easy_setopt(easy_.get(), CURLOPT_REQUEST_TARGET, target_.c_str());
  request_body_.assign(request.body);
  const bool with_body = request.method == Method::kPost || !request_body_.empty();
  set_method(request.method, with_body);
  set_headers(request, with_body);
}

void CurlExchange::prepare_ping() {
  begin();
  pinging_ = true;
  target_.assign(pool_.target_prefix);
  target_ += '/';
  CURL* const curl = easy_.get();
  curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, target_.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, pool_.fixed_headers.get());
  curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  verb_ = "OPTIONS";
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb_);
}

// HTTP/2 without TLS is spoken by prior knowledge, which this libcurl takes for a wish to switch once more on a
// connection that already speaks it, and breaks it (curl pull request 10643, mended in 8.0). So it is told only where a
// connection has to be opened; and whether the peer has closed the one at hand must be known here, not later in
// libcurl.
void CurlExchange::set_version() {
  const TransportOptions& options = pool_.options;
  long version = CURL_HTTP_VERSION_1_1;
  if (options.http2 && options.tls) {
    version = CURL_HTTP_VERSION_2TLS;
  } else if (options.http2) {
    char byte = 0;
    const bool alive = open_ && ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
    version = alive ? CURL_HTTP_VERSION_2_0 : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  }
  if (version == version_) return;
  version_ = version;
  curl_easy_setopt(easy_.get(), CURLOPT_HTTP_VERSION, version);
}

void CurlExchange::set_method(Method method, bool with_body) {
  CURL* const curl = easy_.get();
  if (with_body) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_body_.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_body_.data());
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  }
  const char* verb = nullptr;  // what libcurl says by itself
  if (method == Method::kDelete) verb = "DELETE";
  if (method == Method::kGet && with_body) verb = "GET";
  if (verb == verb_) return;
  verb_ = verb;
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb);
}

// The list is put together from the slot's own nodes, which libcurl only reads: curl_slist_append() would allocate
// twice for each header of each request.
void CurlExchange::set_headers(const Request& request, bool with_body) {
  curl_slist* head = pool_.fixed_headers.get();
  std::size_t used = 0;
  const auto put = [&](std::string& line) {
    curl_slist& node = headers_[used++];
    node.data = line.data();
    node.next = head;
    head = &node;
  };
  if (with_body) put(pool_.json_header);
  if (!request.idempotency_key.empty()) {
    idempotency_.assign("Idempotency-Key: ");
    idempotency_ += request.idempotency_key;
    put(idempotency_);
  }
  if (!request.bearer.empty()) {
    bearer_.assign("Authorization: Bearer ");
    bearer_ += request.bearer;
    put(bearer_);
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, head);
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t bytes = size * count;
  if (exchange.body_.size() + bytes > exchange.pool_.options.max_response_bytes) {
    exchange.too_large_ = true;
    return 0;  // ends the transfer, and the connection with it
  }
  exchange.body_.append(data, bytes);
  return bytes;
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (!exchange.got_bytes_) exchange.first_byte_ = exchange.pool_.clock.now();
  exchange.got_bytes_ = true;
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) exchange.head_complete_ = false;  // the answer that follows an informational one
  if (line == "\r\n" || line == "\n") exchange.head_complete_ = true;
  constexpr std::string_view kName = "retry-after:";
  if (line.size() > kName.size() && ::strncasecmp(data, kName.data(), kName.size()) == 0) {
    exchange.read_retry_after(line.substr(kName.size()));
  }
  return line.size();
}

// Delay in seconds (RFC 9110, 10.2.3); a date is passed over. At most an hour is believed.
void CurlExchange::read_retry_after(std::string_view value) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = value.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return;
  value = value.substr(first, value.find_last_not_of(kBlank) + 1 - first);
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc() && end == value.data() + value.size() && seconds <= 3600) {
    retry_after_ = std::chrono::seconds(seconds);
  }
}

// The connection stands (and is secured); the request goes out next.
int CurlExchange::on_about_to_send(void* self, char*, char*, int, int) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  TransportStats& stats = exchange.pool_.stats;
  if (exchange.fresh_) {
    ++stats.opened;
    if (!exchange.open_) ++exchange.pool_.open_now;
    stats.peak = std::max(stats.peak, exchange.pool_.open_now);
    exchange.open_ = true;
    exchange.fresh_ = exchange.carried_ = false;
  }
  if (exchange.carried_) ++stats.reused;
  exchange.carried_ = !exchange.pinging_;
  exchange.connected_ = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t CurlExchange::on_open_socket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  if (!exchange.pool_.sources.empty()) {
    // The port is chosen at connect(), where the kernel knows the peer: 28,000 ports for each source address rather
    // than 28,000 in all (Linux ip(7)).
    const int on = 1;
    ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  }
  exchange.pool_.watch.adopt(socket);
  exchange.socket_ = socket;
  ++exchange.sockets_;
  exchange.fresh_ = true;
  return socket;
}

int CurlExchange::on_close_socket(void* self, curl_socket_t socket) noexcept {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.pool_.watch.forget(socket);
  if (--exchange.sockets_ == 0 && exchange.open_) {
    exchange.open_ = false;
    --exchange.pool_.open_now;
  }
  return ::close(socket);
}

// A time-out is libcurl's own connect time-out here: the time-out of a request is kept by the transport.
Outcome CurlExchange::outcome_of(CURLcode result) const {
  if (too_large_) return Outcome::kProtocolError;
  switch (result) {
    case CURLE_OK:
      return head_complete_ ? Outcome::kOk : Outcome::kReset;  // an end inside the head is no error to libcurl
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_PROXY:
      return Outcome::kConnectError;
    case CURLE_RECV_ERROR:
      // The one code stands for a lost connection and for a chunk that is none; only the text tells them apart.
      return std::strstr(error_text_.data(), "chunked-encod") != nullptr ? Outcome::kProtocolError : Outcome::kReset;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
      return Outcome::kReset;
    default:
      return Outcome::kProtocolError;
  }
}

std::string CurlExchange::connect_failure(CURLcode result) const {
  long error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
  if (error != 0) return std::strerror(static_cast<int>(error));
  return error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(result);
}

Response CurlExchange::finish(CURLcode result, std::string& body) {
  Response response;
  response.outcome = outcome_of(result);
  response.sent = sent_;
  response.done = pool_.clock.now();
  response.first_byte = got_bytes_ ? first_byte_ : response.done;
  if (response.outcome == Outcome::kOk) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    body.swap(body_);
    response.body = body;
    response.retry_after = retry_after_;
  } else if (response.outcome == Outcome::kConnectError) {
    ++pool_.stats.connect_failures;
  }
  busy_ = false;
  return response;
}

Response CurlExchange::give_up(Outcome outcome) {
  Response response;
  response.outcome = outcome;
  response.sent = sent_;
  response.first_byte = response.done = pool_.clock.now();
  busy_ = false;
  return response;
}

}  // namespace tacos::load
