#include "tacos-gateway/http/api_thread.h"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "net/http_request.h"
#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

constexpr std::size_t kUsualBatch = 1024;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ApiThread::ApiThread(GatewayServices& services, boost::asio::io_context& loop, unsigned number,
                     std::unique_ptr<TicketSigner> signer)
    : services_(services),
      loop_(loop),
      metrics_(*services.metrics[number]),
      session_(services.store.open_session(loop.get_executor())),
      seats_(services.seats.open_session(loop.get_executor())),
      signer_(std::move(signer)),
      assertions_(number < services.joins.assertions.size() ? services.joins.assertions[number].get() : nullptr),
      mailbox_(std::make_shared<LoopMailbox>(loop)),
      random_(SecureRandom::of_this_thread().next()),
      json_(services.max_body_bytes),
      answer_(metrics_, services.log, services.clock, random_, services.cors) {
  services.progress.watch(mailbox_);
  batch_.reserve(kUsualBatch);
  submitted_.reserve(kUsualBatch);
}

ApiThread::~ApiThread() {
  mailbox_->close();
}

void ApiThread::submit_soon() {
  if (submit_posted_) return;
  submit_posted_ = true;
  boost::asio::post(loop_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    submit_posted_ = false;
    submit_batch();
  });
}

void ApiThread::submit_batch() {
  const Collecting collecting(*this);
  while (!batch_.empty()) {
    // Completions answer requests, and an answer may bring the next request of its connection, which asks again.
    submitted_.clear();
    submitted_.swap(batch_);
    session_->submit(submitted_);
  }
}

void ApiThread::audit(ApiExchange& exchange, std::string_view action, std::string_view event_id, std::string from,
                      std::string to) {
  AuditEntry entry;
  entry.unix_ms = services_.unix_ms_now();
  entry.who = services_.admin->id();
  entry.peer = exchange.client().to_string();
  entry.action = action;
  entry.event_id = event_id;
  entry.from = std::move(from);
  entry.to = std::move(to);
  entry.trace_id = exchange.trace_id.text();
  services_.log.info("operator action",
                     {{"action", std::string_view(entry.action)},
                      {"event", std::string_view(entry.event_id)},
                      {"from", std::string_view(entry.from)},
                      {"to", std::string_view(entry.to)},
                      {"who", std::string_view(entry.who)},
                      {"peer", std::string_view(entry.peer)}},
                     entry.trace_id);
  services_.audit.add(std::move(entry));
}

bool ApiThread::read_body(ApiExchange& exchange) {
  if (json_.read(exchange.request().body())) return true;
  answer_.begin();
  answer_.fail(exchange, ApiError::kMalformedJson, "the body is not a JSON object, or a name stands in it twice");
  return false;
}

std::string_view ApiThread::bearer_of(const net::HttpRequest& request) {
  static constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = request.header("Authorization");
  if (value.size() <= kScheme.size() || !net::equals_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return {};
  // 1*SP (RFC 9110 section 11.4).
  return value.substr(std::min(value.find_first_not_of(' ', kScheme.size()), value.size()));
}

std::string_view ApiThread::percent_decoded(std::string_view text) {
  if (text.find('%') == std::string_view::npos) return text;
  decoded_.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      decoded_ += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded_ += text[i];
    }
  }
  return decoded_;
}

bool is_event_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == ':' || c == '-';
  });
}

}  // namespace tacos::gateway
