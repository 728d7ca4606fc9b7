#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace tacos::support {

// What a ScriptedServer does about a request. The bytes go out as they stand, right or wrong.
struct Reply {
  enum class Then : std::uint8_t { kKeepOpen, kClose, kReset };

  std::string bytes;     // empty: nothing is said
  core::Nanos delay{0};  // before the bytes, or before what comes then
  Then then = Then::kKeepOpen;

  Reply after(core::Nanos pause) const {
    Reply reply = *this;
    reply.delay = pause;
    return reply;
  }
  Reply then_close() const {
    Reply reply = *this;
    reply.then = Then::kClose;
    return reply;
  }
  Reply then_reset() const {
    Reply reply = *this;
    reply.then = Then::kReset;
    return reply;
  }
};

// A well-formed answer with its Content-Length. headers: whole lines, each with its CRLF.
Reply answer(int status, std::string_view body = {}, std::string_view headers = {});

// The same body in chunks of the given size (RFC 9112, 7.1).
Reply chunked_answer(std::string_view body, std::size_t chunk_bytes);

// Whatever a server may send, and may not.
Reply raw(std::string bytes);
Reply silence();

// An HTTP/1.1 server for tests of clients, on 127.0.0.1 and a free port, in a thread of its own. What it does depends
// only on the target that is asked for; anything it has no script for is answered 200 "ok". Thread rule: every member
// may be called from any thread.
class ScriptedServer {
 public:
  // With a certificate and key (PEM files) it speaks TLS.
  ScriptedServer() : ScriptedServer("", "") {}
  ScriptedServer(const std::string& certificate_file, const std::string& key_file);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  void on(std::string_view target, Reply reply);

  // From now on every connection is closed after so many answers, without a word in the last one. 0: never.
  void close_after_answers(unsigned answers);

  // Closes every connection that is open; they are closed when this returns.
  void close_connections();

  std::uint16_t port() const;

  // Connections accepted so far, those open now, and requests read for one target.
  unsigned accepted() const;
  unsigned open_connections() const;
  unsigned requests(std::string_view target) const;

  // The last request for this target, head and body, as it came.
  std::string last_request(std::string_view target) const;

  // The addresses that clients connected from.
  std::vector<std::string> client_addresses() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace tacos::support
