#pragma once

#include <memory>
#include <string>

#include "core/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace tacos::net {

struct TlsOptions {
  std::string certificate_file;  // PEM, the server's own first, then its chain
  std::string key_file;          // PEM
  std::string client_ca_file;    // PEM; when not empty, clients must show a certificate signed by one of these
};

// What a server needs to speak TLS: certificate, key, protocol floor (1.2), ciphers with forward secrecy. Immutable
// after it is made, so any number of threads and connections share one.
class TlsContext {
 public:
  // The error names the file and OpenSSL's reason.
  static core::Result<std::shared_ptr<TlsContext>> for_server(const TlsOptions& options);

  ssl_ctx_st* native() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}

  std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace tacos::net
