#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "net/address_counts.h"
#include "net/byte_budget.h"
#include "net/http_server.h"
#include "net/tls_context.h"

namespace tacos::net {

// What all threads and connections of one server share. Any thread.
class ServerResources {
 public:
  explicit ServerResources(HttpServerOptions given)
      : options(std::move(given)), buffers(options.max_buffered_bytes), tls_(options.tls) {}

  const HttpServerOptions options;
  ByteBudget buffers;
  AddressCounts addresses;
  // Every answer from now on is its connection's last.
  std::atomic<bool> closing{false};

  // For a new connection; null when plain HTTP is spoken.
  std::shared_ptr<TlsContext> tls() const {
    const std::lock_guard lock(tls_mutex_);
    return tls_;
  }
  void set_tls(std::shared_ptr<TlsContext> tls) {
    const std::lock_guard lock(tls_mutex_);
    tls_ = std::move(tls);
  }

 private:
  mutable std::mutex tls_mutex_;  // taken once per connection
  std::shared_ptr<TlsContext> tls_;
};

}  // namespace tacos::net
