#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "net/tls_context.h"

namespace tacos::net {

// One connection's TLS, on a non-blocking socket that somebody else owns and closes. The handshake happens inside the
// first reads. OpenSSL writes to the socket itself: the thread must have SIGPIPE blocked. Not thread safe.
class TlsChannel {
 public:
  enum class Status { kDone, kWantRead, kWantWrite, kClosed, kFailed };
  struct Io {
    Status status = Status::kFailed;
    std::size_t size = 0;  // bytes moved, when kDone
  };

  TlsChannel(const TlsContext& context, int socket);

  Io read(std::span<char> room);
  Io write(std::string_view bytes);
  // Tells the other end that nothing more comes; best effort.
  void say_goodbye();

  bool handshake_done() const;
  // Whether a part of a record has arrived, for which OpenSSL keeps a buffer of a whole one.
  bool holds_part_of_a_record() const;

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  Io result_of(int returned);

  std::unique_ptr<ssl_st, Free> ssl_;
};

}  // namespace tacos::net
