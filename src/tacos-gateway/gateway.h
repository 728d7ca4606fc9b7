#pragma once

#include <memory>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_server.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/http/gateway_services.h"
#include "tacos-gateway/http/memory_trimmer.h"
#include "tacos-gateway/options.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// A whole gateway in one object: the line, the seats behind it and the server in front, as the options say.
// Owned and shut down by one thread.
class Gateway {
 public:
  // Why it did not start, so that main can tell a wrong option from a world that is not as it should be.
  enum class Fault { kOptions, kEnvironment };
  struct StartError {
    Fault fault = Fault::kOptions;
    std::string message;
  };

  // clock must outlive the gateway; log too.
  static boost::system::result<std::unique_ptr<Gateway>, StartError> start(const GatewayOptions& options,
                                                                           const core::Clock& clock, GatewayLog& log);
  ~Gateway();

  net::ListenAddress address() const { return server_->address(); }
  QueueStore& store() { return *store_; }

  // /readyz says 503 from now on, and each answer is its connection's last.
  void announce_shutdown();
  // Stops accepting and finishes what is in flight. Whether all of it was answered within the grace period.
  bool shut_down();

 private:
  struct Stores {
    std::unique_ptr<QueueStore> line;
    std::unique_ptr<SeatStore> seats;
  };
  static core::Result<Stores> make_stores(const GatewayOptions& options, const core::Clock& clock, GatewayLog& log);

  Gateway(const GatewayOptions& options, Stores stores, const core::Clock& clock, GatewayLog& log);
  core::Result<void> load_secrets();
  core::Result<void> set_join_rules();
  core::Result<net::HttpServerOptions> server_options() const;

  const GatewayOptions options_;
  GatewayLog& log_;
  std::unique_ptr<QueueStore> store_;
  std::unique_ptr<SeatStore> seats_;  // goes before the store
  GatewayServices services_;
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<MemoryTrimmer> trimmer_;
};

// What goes wrong with a result that holds none is a programmer's mistake.
[[noreturn]] void throw_exception_from_error(const Gateway::StartError& error, const boost::source_location& where);

}  // namespace tacos::gateway
