#pragma once

#include <memory>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// libcurl's process-wide state; main holds one for as long as any curl transport may live.
class CurlGlobal {
 public:
  CurlGlobal();
  ~CurlGlobal();
  CurlGlobal(const CurlGlobal&) = delete;
  CurlGlobal& operator=(const CurlGlobal&) = delete;
};

// HTTP/1.1 and HTTP/2, over TLS and proxies, on libcurl's multi interface. It costs about three times the CPU of the
// asio transport, and opens connections when the first requests need them rather than in connect_all(), which only
// proves that the target can be reached: libcurl can't open a connection for later without sending something. Over
// HTTP/2 the pool's "connections" are streams, which libcurl spreads over as few connections as the server allows.
core::Result<std::unique_ptr<Transport>> make_curl_transport(const TransportOptions& options, const core::Clock& clock);

}  // namespace tacos::load
