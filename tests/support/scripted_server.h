#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tacos::support {

// What the server does with one request.
struct Script {
  std::chrono::milliseconds delay{0};  // before the first byte
  std::string bytes;                   // sent as they are
  enum class Then { kKeep, kClose, kReset, kHang } then = Then::kKeep;

  static Script answer(const std::string& body, int status = 200, const std::string& headers = "");
};

struct ReceivedRequest {
  std::string head;  // up to and with the empty line
  std::string body;
  int on_connection = 0;  // 1 for the connection's first
};

// A certificate for 127.0.0.1 and localhost that signs itself, made anew for each test program, and its key; both PEM.
struct SelfSigned {
  std::string certificate;
  std::string key;
  static SelfSigned make();
};

// An HTTP server that behaves as badly as a test needs, on a port of 127.0.0.1 that the system chooses. One thread per
// connection, blocking: simple enough to be believed. Everything is closed and joined when it is destroyed.
class ScriptedServer {
 public:
  using Handler = std::function<Script(const ReceivedRequest&)>;

  explicit ScriptedServer(Handler handler, const SelfSigned* tls = nullptr);
  ~ScriptedServer();

  std::uint16_t port() const;
  int connections() const { return connections_; }

 private:
  struct State;
  void accept_loop();

  std::shared_ptr<State> state_;
  std::atomic<int> connections_{0};
  std::thread acceptor_;
};

}  // namespace tacos::support
