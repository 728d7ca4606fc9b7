#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "core/clock.h"
#include "core/result.h"
#include "net/url.h"
#include "tacos-load/observe/source.h"

namespace tacos::load {

// Who is trusted when the address is https.
struct HttpSourceTrust {
  std::string ca_file;  // PEM; empty: the system's certificate authorities
  bool insecure = false;
};

// Asks for a page in Prometheus's text format, over a new connection each time, for at most `patience`. Follows no
// redirections.
class HttpSource final : public Source {
 public:
  // The error is about the trust, such as a CA file that can't be read.
  static core::Result<std::unique_ptr<HttpSource>> open(boost::asio::io_context& loop, const net::Url& url,
                                                        const HttpSourceTrust& trust, core::Nanos patience);
  ~HttpSource() override;

  void read(Done done) override;

 private:
  class Exchange;
  HttpSource(boost::asio::io_context& loop, net::Url url, core::Nanos patience);

  boost::asio::io_context& loop_;
  const net::Url url_;
  const core::Nanos patience_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  bool insecure_ = false;
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace tacos::load
