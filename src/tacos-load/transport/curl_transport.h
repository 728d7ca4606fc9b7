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

// HTTP/1.1 and HTTP/2, over TLS and proxies, on libcurl's multi interface, at about three times the asio transport's
// CPU for each request. Three things differ from that transport:
//   - connect_all() opens each connection by sending "OPTIONS /" on it: libcurl can't open one for later without
//   sending.
//     A target that dislikes it is not held to it; its connections are then opened by the first requests.
//   - Over HTTP/2, too, a slot of the pool is a connection with one request on it at a time, as a browser that polls
//   has it.
//   - libcurl sends a request again, a POST included, when a connection that had rested ends before the first byte of
//   the
//     answer. It does so on a new connection, and the service time runs on.
// The clock must be the steady clock: the event loop's timer runs on it.
core::Result<std::unique_ptr<Transport>> make_curl_transport(const TransportOptions& options, const core::Clock& clock);

}  // namespace tacos::load
