#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tacos::model {

// A built tacos-gateway of the test's own on a free port of this machine, with its files in a directory that goes with
// the object.
class GatewayProcess {
 public:
  static constexpr const char* kAdminToken = "the operator's token";

  // options are beside --listen, --admin-token-file and --log-file.
  GatewayProcess(const std::string& program, const std::vector<std::string>& options);
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // Empty when it listens; else why it does not.
  const std::string& fault() const { return fault_; }
  std::uint16_t port() const { return port_; }
  // Asks it to shut down and waits. Its exit code; -1 when it had to be killed.
  int stop();
  std::string log() const;

 private:
  bool listens() const;

  std::string directory_;
  std::string fault_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace tacos::model
