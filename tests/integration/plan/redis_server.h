#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace tacos::test {

// A redis-server of the test's own: on a unix socket in a directory of its own, nothing written to disk, and no
// latency histograms. Ended, and its
// directory removed, with the object. Not for more than one thread.
class RedisServer {
 public:
  RedisServer();
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Empty when it answers; else why it does not.
  const std::string& fault() const { return fault_; }

  // Sends a command and waits for a whole number. A text answer, nil or an error is -1.
  long long ask_number(const std::vector<std::string>& words);
  // A line of INFO that holds a number.
  long long info_number(std::string_view section, std::string_view name);

  // Goes on over a new connection, once the server has dropped the old one and its buffers.
  void reconnect();

  // Queues a command; its answer is read and dropped later. Errors are counted.
  void send(const std::vector<std::string>& words);
  // Waits for the answers to everything sent.
  void settle();
  std::size_t errors() const { return errors_; }

 private:
  void start();
  bool connect_to();
  void flush();
  bool fill();
  std::string read_line();
  std::string read_answer();

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

}  // namespace tacos::test
