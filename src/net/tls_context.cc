#include "net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace tacos::net {
namespace {

// Of TLS 1.2 only what has forward secrecy and authenticated encryption (RFC 9325 section 4.2); of TLS 1.3 all suites
// have both.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// The newest of OpenSSL's reasons, which is the most specific; the queue is emptied.
std::string openssl_reason() {
  unsigned long code = 0;
  for (unsigned long next = ::ERR_get_error(); next != 0; next = ::ERR_get_error()) code = next;
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

core::Error cannot_use(std::string_view what, std::string_view file) {
  return core::fail(
      fmt::format("cannot use {} '{}': {}; it must be a readable PEM file", what, file, openssl_reason()));
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  ::SSL_CTX_free(context);
}

core::Result<std::shared_ptr<TlsContext>> TlsContext::for_server(const TlsOptions& options) {
  ::ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext(::SSL_CTX_new(::TLS_server_method())));
  SSL_CTX* context = made->native();
  if (context == nullptr) return core::fail("cannot start TLS: " + openssl_reason());
  // OpenSSL would ask the terminal for the pass phrase of a key, and wait.
  ::SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (::SSL_CTX_set_cipher_list(context, kTls12Ciphers) != 1)
    return core::fail("cannot start TLS: " + openssl_reason());
  // An idle connection gives its record buffers back (34 KiB each); a write may be retried from another address, since
  // the output buffer moves when it grows.
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (::SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1) {
    return cannot_use("the certificate", options.certificate_file);
  }
  if (::SSL_CTX_use_PrivateKey_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return cannot_use("the key", options.key_file);
  }
  if (::SSL_CTX_check_private_key(context) != 1) {
    return core::fail(fmt::format("the key '{}' does not belong to the certificate '{}'", options.key_file,
                                  options.certificate_file));
  }
  if (!options.client_ca_file.empty()) {
    if (::SSL_CTX_load_verify_locations(context, options.client_ca_file.c_str(), nullptr) != 1) {
      return cannot_use("the client CA file", options.client_ca_file);
    }
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Sessions are only resumed within one context name when clients are verified.
    static constexpr unsigned char kName[] = "tacos";
    ::SSL_CTX_set_session_id_context(context, kName, sizeof(kName) - 1);
  }
  return made;
}

}  // namespace tacos::net
