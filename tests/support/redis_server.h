#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tacos::support {

// A TCP port of this machine that nobody listens on just now.
std::uint16_t free_port();

struct RedisServerOptions {
  std::uint16_t port = 0;          // on 127.0.0.1; 0: none, only the unix socket
  std::uint16_t tls_port = 0;      // with certificate_file and key_file
  std::uint16_t cluster_port = 0;  // of the cluster's own talk; 0: not part of a cluster
  std::uint16_t replica_of = 0;    // the port of a primary on 127.0.0.1
  std::string certificate_file = {};
  std::string key_file = {};
  std::vector<std::string> settings = {};  // further ones, as on the command line: "--maxmemory", "10mb"
};

// A redis-server of the test's own: on a unix socket in a directory of its own and what ports it is told, nothing
// written to disk but a cluster's map, and no latency histograms. Ended, and its directory removed, with the object.
// Not for more than one thread.
class RedisServer {
 public:
  explicit RedisServer(RedisServerOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Empty when it answers; else why it does not.
  const std::string& fault() const { return fault_; }

  // Sends a command and waits for the answer: its text with its type in front ("+OK", ":1", "$text"), of a list its
  // first line.
  std::string ask(const std::vector<std::string>& words);
  // Sends a command and waits for a whole number. A text answer, nil or an error is -1.
  long long ask_number(const std::vector<std::string>& words);
  // A line of INFO that holds a number.
  long long info_number(std::string_view section, std::string_view name);

  // Goes on over a new connection, once the server has dropped the old one and its buffers.
  void reconnect();

  // Ends the process as a power cut would, and starts it again with nothing but a cluster's map.
  void kill_now();
  void start_again();

  // Stops the process where it is, and lets it go on: it neither ends nor answers meanwhile.
  void pause();
  void resume();
  // Whether so many replicas have all of what this primary has, within five seconds.
  bool has_replicas(unsigned count);

  std::uint16_t port() const { return options_.port; }
  std::uint16_t tls_port() const { return options_.tls_port; }
  std::string socket_path() const { return directory_ + "/socket"; }

  // Queues a command; its answer is read and dropped later. Errors are counted.
  void send(const std::vector<std::string>& words);
  // Waits for the answers to everything sent.
  void settle();
  std::size_t errors() const { return errors_; }

 private:
  std::vector<std::string> command_line() const;
  void start();
  bool connect_to();
  void flush();
  bool fill();
  std::string read_line();
  std::string read_answer();

  const RedisServerOptions options_;
  std::string directory_;
  std::string fault_;
  pid_t process_ = -1;
  int socket_ = -1;
  std::string out_;
  std::string in_;
  std::size_t read_ = 0;
  std::size_t pending_ = 0;
  std::size_t errors_ = 0;
};

}  // namespace tacos::support
