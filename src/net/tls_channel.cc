#include "net/tls_channel.h"

#include <algorithm>

#include <climits>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace tacos::net {
namespace {

int clamp_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

}  // namespace

void TlsChannel::Free::operator()(ssl_st* ssl) const {
  ::SSL_free(ssl);
}

TlsChannel::TlsChannel(const TlsContext& context, int socket) : ssl_(::SSL_new(context.native())) {
  if (ssl_ && ::SSL_set_fd(ssl_.get(), socket) == 1) {
    ::SSL_set_accept_state(ssl_.get());
  } else {
    ssl_.reset();  // out of memory: every call says kFailed
  }
}

TlsChannel::Io TlsChannel::result_of(int returned) {
  if (returned > 0) return {Status::kDone, static_cast<std::size_t>(returned)};
  switch (::SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return {Status::kWantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Status::kWantWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::kClosed, 0};
    default:
      return {Status::kFailed, 0};
  }
}

TlsChannel::Io TlsChannel::read(std::span<char> room) {
  if (!ssl_) return {};
  ::ERR_clear_error();  // SSL_get_error looks at the thread's queue, which another connection may have filled
  return result_of(::SSL_read(ssl_.get(), room.data(), clamp_size(room.size())));
}

TlsChannel::Io TlsChannel::write(std::string_view bytes) {
  if (!ssl_) return {};
  ::ERR_clear_error();
  return result_of(::SSL_write(ssl_.get(), bytes.data(), clamp_size(bytes.size())));
}

void TlsChannel::say_goodbye() {
  if (!ssl_ || ::SSL_is_init_finished(ssl_.get()) == 0) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
}

bool TlsChannel::holds_part_of_a_record() const {
  return ssl_ && ::SSL_has_pending(ssl_.get()) != 0;
}

bool TlsChannel::handshake_done() const {
  return ssl_ && ::SSL_is_init_finished(ssl_.get()) != 0;
}

}  // namespace tacos::net
