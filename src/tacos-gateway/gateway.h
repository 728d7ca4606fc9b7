#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "net/http_server.h"
#include "tacos-gateway/event_declarer.h"
#include "tacos-gateway/gateway_stores.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/http/gateway_services.h"
#include "tacos-gateway/http/memory_trimmer.h"
#include "tacos-gateway/http/operator_reports.h"
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
  // Of the operators' port; only with --admin-listen.
  net::ListenAddress admin_address() const { return admin_server_->address(); }
  QueueStore& store() { return *store_; }

  // Whether /readyz says 200.
  bool is_ready() const;
  // Whether every server thread has turned since the last call.
  bool threads_make_progress();
  // Opens the log file anew and reads the certificates again. What can't be read stays as it was, and the log tells.
  // Whether all was taken.
  bool reload();

  // /readyz says 503 from now on, and each answer is its connection's last.
  void announce_shutdown();
  // Stops accepting and finishes what is in flight. Whether all of it was answered within the grace period.
  bool shut_down();
  bool shut_down(core::Nanos grace);
  // Ends a shut_down() that another thread is in: what is not answered now never is.
  void cut_off();

 private:
  Gateway(const GatewayOptions& options, GatewayStores stores, const core::Clock& clock, GatewayLog& log);
  unsigned server_threads() const;  // of both ports
  core::Result<void> take_secrets();
  core::Result<std::shared_ptr<net::TlsContext>> load_tls() const;
  core::Result<void> set_join_rules();
  core::Result<void> declare_events();
  core::Result<void> reload_events();
  core::Result<net::HttpServerOptions> server_options() const;
  core::Result<net::HttpServerOptions> admin_server_options() const;
  core::Result<std::size_t> connections_that_fit() const;
  boost::system::result<void, StartError> start_servers();
  boost::system::result<void, StartError> start_admin_server(std::unique_ptr<TicketSigner> signer);
  void log_listening() const;
  core::Result<void> reload_tls();

  const GatewayOptions options_;
  GatewayLog& log_;
  std::vector<std::string> warnings_;  // about the files, for the log once it says where the gateway listens
  std::unique_ptr<QueueStore> store_;
  std::unique_ptr<SeatStore> seats_;  // goes before the store
  GatewayServices services_;
  std::unique_ptr<OperatorReports> reports_;
  std::unique_ptr<EventDeclarer> declarer_;  // goes before the store
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::HttpServer> admin_server_;  // null without --admin-listen
  std::unique_ptr<MemoryTrimmer> trimmer_;
};

// What goes wrong with a result that holds none is a programmer's mistake.
[[noreturn]] void throw_exception_from_error(const Gateway::StartError& error, const boost::source_location& where);

}  // namespace tacos::gateway
