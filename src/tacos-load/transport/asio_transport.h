#pragma once

#include <memory>

#include "core/clock.h"
#include "core/result.h"
#include "tacos-load/transport/transport.h"

namespace tacos::load {

// HTTP/1.1 over TCP or TLS on Boost.Asio and Beast. The clock must be the steady clock: the event loop's timers run on
// it. Fails when the TLS settings can't be used (the message names the file).
core::Result<std::unique_ptr<Transport>> make_asio_transport(const TransportOptions& options, const core::Clock& clock);

}  // namespace tacos::load
