#include "tacos-load/transport/curl_exchange.h"

#include <charconv>
#include <strings.h>
#include <utility>

namespace tacos::load {
namespace {

using measure::Outcome;

void append_header(HeaderList& list, const std::string& header) {
  if (curl_slist* longer = curl_slist_append(list.get(), header.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

// A result of libcurl as the outcome it is to a load test.
Outcome outcome_of(CURLcode result) {
  switch (result) {
    case CURLE_OK:
      return Outcome::kOk;
    case CURLE_OPERATION_TIMEDOUT:
      return Outcome::kTimeout;
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
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return Outcome::kReset;
    default:
      return Outcome::kProtocolError;
  }
}

}  // namespace

CurlExchange::CurlExchange(const TransportOptions& options, const core::Clock& clock, std::string base_url,
                           ConnectionId id)
    : clock_(clock),
      base_url_(std::move(base_url)),
      fixed_headers_(options.headers),
      most_response_bytes_(options.max_response_bytes),
      id_(id),
      easy_(curl_easy_init()) {
  CURL* const curl = easy_.get();
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "tacos-load");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout / std::chrono::milliseconds(1)));
  curl_easy_setopt(
      curl, CURLOPT_HTTP_VERSION,
      static_cast<long>(options.http2 ? (options.tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
                                      : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options.verify_peer ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options.verify_peer ? 2L : 0L);
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  // An empty proxy also keeps http_proxy in the environment from sending the load somewhere else.
  curl_easy_setopt(curl, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlExchange::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlExchange::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
}

void CurlExchange::prepare(const Request& request) {
  CURL* const curl = easy_.get();
  url_.assign(base_url_);
  url_ += request.target;
  request_body_.assign(request.body);
  body_.clear();
  retry_after_ = core::Nanos(0);
  got_bytes_ = too_large_ = false;
  busy_ = true;
  sent_ = clock_.now();

  headers_.reset();
  append_header(headers_, "Accept: application/json");
  append_header(headers_, "Expect:");
  for (const auto& header : fixed_headers_) append_header(headers_, header);
  if (!request.bearer.empty()) append_header(headers_, "Authorization: Bearer " + std::string(request.bearer));
  if (!request.idempotency_key.empty())
    append_header(headers_, "Idempotency-Key: " + std::string(request.idempotency_key));
  if (!request.body.empty()) append_header(headers_, "Content-Type: application/json");

  curl_easy_setopt(curl, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
  if (request.method == Method::kPost || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_body_.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_body_.data());
  } else {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  }
  const char* const verb = request.method == Method::kDelete ? "DELETE" : nullptr;
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb);
}

void CurlExchange::note_first_byte() {
  if (!got_bytes_) first_byte_ = clock_.now();
  got_bytes_ = true;
}

std::size_t CurlExchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.note_first_byte();
  const std::size_t bytes = size * count;
  if (exchange.body_.size() + bytes > exchange.most_response_bytes_) {
    exchange.too_large_ = true;
    return 0;
  }
  exchange.body_.append(data, bytes);
  return bytes;
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  exchange.note_first_byte();
  const std::size_t bytes = size * count;
  constexpr std::string_view kName = "retry-after:";
  if (bytes > kName.size() && strncasecmp(data, kName.data(), kName.size()) == 0) {
    const char* at = data + kName.size();
    const char* const end = data + bytes;
    while (at < end && *at == ' ') ++at;
    std::uint32_t seconds = 0;
    const auto read = std::from_chars(at, end, seconds);
    const bool whole = read.ec == std::errc() && (read.ptr == end || *read.ptr == '\r' || *read.ptr == '\n');
    if (whole && seconds <= 3600) exchange.retry_after_ = std::chrono::seconds(seconds);
  }
  return bytes;
}

Response CurlExchange::finish(CURLcode result) {
  Response response;
  response.outcome = outcome_of(result);
  if (too_large_) response.outcome = Outcome::kProtocolError;
  response.done = clock_.now();
  if (response.outcome == Outcome::kOk) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    response.body = body_;
    response.retry_after = retry_after_;
  }
  response.sent = sent_;
  response.first_byte = got_bytes_ ? first_byte_ : response.done;
  busy_ = false;
  return response;
}

Response CurlExchange::give_up(Outcome outcome) {
  Response response;
  response.outcome = outcome;
  response.sent = sent_;
  response.first_byte = response.done = clock_.now();
  busy_ = false;
  return response;
}

}  // namespace tacos::load
