#include "tacos-load/observe/http_source.h"

#include <optional>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include "tacos-load/observe/prometheus_text.h"

namespace tacos::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::uint64_t kLargestPage = 8 * 1024 * 1024;

}  // namespace

// One question and its answer. Keeps itself alive by its handlers; end() makes sure that done is called once.
class HttpSource::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(HttpSource& source, Done done)
      : url_(source.url_), resolver_(source.loop_), stream_(source.loop_), done_(std::move(done)) {
    if (source.tls_) tls_.emplace(stream_, *source.tls_);
    insecure_ = source.insecure_;
    timer_.emplace(source.loop_, source.patience_);
    request_ = {http::verb::get, url_.target, 11};
    request_.set(http::field::host, url_.host_header());
    request_.set(http::field::user_agent, "tacos-load");
    request_.set(http::field::accept, "text/plain;version=0.0.4");
    request_.set(http::field::connection, "close");
    parser_.body_limit(kLargestPage);
  }

  void begin() {
    timer_->async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->end(core::fail("it did not answer in time"));
    });
    resolver_.async_resolve(url_.host, std::to_string(url_.port),
                            [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
                              if (error) return self->end(core::fail("its host is not known: " + error.message()));
                              self->connect(found);
                            });
  }

  // Whoever asked does not wait any longer.
  void forget() {
    done_ = nullptr;
    close();
  }

 private:
  void connect(const tcp::resolver::results_type& found) {
    if (!done_) return;
    stream_.async_connect(found, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
      if (error) return self->end(core::fail("it can't be reached: " + error.message()));
      self->tls_ ? self->shake_hands() : self->ask(self->stream_);
    });
  }

  void shake_hands() {
    // SSL_set_tlsext_host_name, spelt out: the macro casts as C does. Addresses are not names (RFC 6066, 3).
    error_code no_literal;
    asio::ip::make_address(url_.host, no_literal);
    if (no_literal) {
      std::string name = url_.host;
      ::SSL_ctrl(tls_->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    if (!insecure_) tls_->set_verify_callback(asio::ssl::host_name_verification(url_.host));
    tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
      if (error) return self->end(core::fail("TLS with it failed: " + error.message()));
      self->ask(*self->tls_);
    });
  }

  template <class Stream>
  void ask(Stream& stream) {
    if (!done_) return;
    http::async_write(stream, request_, [self = shared_from_this(), &stream](error_code error, std::size_t) {
      if (error) return self->end(core::fail("it did not take the request: " + error.message()));
      http::async_read(stream, self->buffer_, self->parser_, [self](error_code failed, std::size_t) {
        if (failed) return self->end(core::fail("its answer could not be read: " + failed.message()));
        self->judge();
      });
    });
  }

  void judge() {
    const auto& answer = parser_.get();
    if (answer.result() != http::status::ok) {
      return end(core::fail(fmt::format("it answered with status {}", answer.result_int())));
    }
    end(parse_prometheus(answer.body()));
  }

  void end(core::Result<Figures> result) {
    const Done done = std::exchange(done_, nullptr);
    close();
    if (done) done(std::move(result));
  }

  void close() {
    error_code ignored;
    timer_->cancel();
    resolver_.cancel();
    stream_.socket().close(ignored);
  }

  const net::Url url_;
  tcp::resolver resolver_;
  beast::tcp_stream stream_;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
  std::optional<asio::steady_timer> timer_;
  bool insecure_ = false;
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  Done done_;
};

HttpSource::HttpSource(asio::io_context& loop, net::Url url, core::Nanos patience)
    : loop_(loop), url_(std::move(url)), patience_(patience) {}

HttpSource::~HttpSource() {
  if (exchange_) exchange_->forget();
}

core::Result<std::unique_ptr<HttpSource>> HttpSource::open(asio::io_context& loop, const net::Url& url,
                                                           const HttpSourceTrust& trust, core::Nanos patience) {
  std::unique_ptr<HttpSource> source(new HttpSource(loop, url, patience));
  if (!url.tls()) return source;
  source->insecure_ = trust.insecure;
  source->tls_ = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code error;
  source->tls_->set_verify_mode(trust.insecure ? asio::ssl::verify_none : asio::ssl::verify_peer, error);
  if (!trust.insecure && trust.ca_file.empty()) source->tls_->set_default_verify_paths(error);
  if (!trust.insecure && !trust.ca_file.empty()) source->tls_->load_verify_file(trust.ca_file, error);
  if (error) {
    return core::fail(fmt::format("--ca-file '{}' can't be read: {}", trust.ca_file, error.message()));
  }
  return source;
}

void HttpSource::read(Done done) {
  exchange_ = std::make_shared<Exchange>(*this, std::move(done));
  exchange_->begin();
}

}  // namespace tacos::load
