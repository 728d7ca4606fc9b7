#include "support/redis_server.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): not every header set declares it

namespace tacos::support {
namespace {

// Answers are short, so this many fit in the server's and the socket's buffers while nobody reads them.
constexpr std::size_t kMostPending = 2000;
constexpr std::size_t kBatchBytes = 256 * 1024;

}  // namespace

std::uint16_t free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* const general = reinterpret_cast<sockaddr*>(&address);
  if (bind(probe, general, size) != 0 || getsockname(probe, general, &size) != 0) address.sin_port = 0;
  close(probe);
  return ntohs(address.sin_port);
}

RedisServer::RedisServer(RedisServerOptions options) : options_(std::move(options)) {
  const char* base = std::getenv("TMPDIR");
  directory_ = fmt::format("{}/tacos-redis-XXXXXX", base == nullptr ? "/tmp" : base);
  if (mkdtemp(directory_.data()) == nullptr) {
    fault_ = fmt::format("no directory {}: {}", directory_, std::strerror(errno));
    directory_.clear();
    return;
  }
  start();
}

RedisServer::~RedisServer() {
  kill_now();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

void RedisServer::kill_now() {
  if (socket_ >= 0) close(std::exchange(socket_, -1));
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
}

void RedisServer::pause() {
  if (process_ > 0) kill(process_, SIGSTOP);
}

void RedisServer::resume() {
  if (process_ > 0) kill(process_, SIGCONT);
}

bool RedisServer::has_replicas(unsigned count) {
  const std::vector<std::string> wait = {"WAIT", std::to_string(count), "5000"};
  if (ask_number(wait) < static_cast<long long>(count)) return false;
  // One that has just come counts as having all, but is sent nothing yet: so something new, which leaves no key.
  ask({"PUBLISH", "tacos-test", ""});
  return ask_number(wait) >= static_cast<long long>(count);
}

void RedisServer::start_again() {
  kill_now();
  out_.clear();
  in_.clear();
  read_ = 0;
  pending_ = 0;
  start();
}

std::vector<std::string> RedisServer::command_line() const {
  // Otherwise the server keeps a histogram of about 20 KB for each kind of command from its first use on.
  std::vector<std::string> words = {"redis-server", "--latency-tracking", "no"};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  add({"--port", std::to_string(options_.port), "--bind", "127.0.0.1"});
  add({"--unixsocket", socket_path(), "--save", "", "--appendonly", "no", "--dir", directory_});
  if (options_.tls_port != 0) {
    add({"--tls-port", std::to_string(options_.tls_port), "--tls-auth-clients", "no"});
    add({"--tls-cert-file", options_.certificate_file, "--tls-key-file", options_.key_file});
    add({"--tls-ca-cert-file", options_.certificate_file});
  }
  if (options_.cluster_port != 0) {
    add({"--cluster-enabled", "yes", "--cluster-port", std::to_string(options_.cluster_port)});
  }
  // A replica of a primary that is empty need not wait for others to be sent the same.
  add({"--repl-diskless-sync-delay", "0"});
  if (options_.replica_of != 0) add({"--replicaof", "127.0.0.1", std::to_string(options_.replica_of)});
  words.insert(words.end(), options_.settings.begin(), options_.settings.end());
  return words;
}

void RedisServer::start() {
  std::vector<std::string> words = command_line();
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawnp(&process_, "redis-server", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    process_ = -1;
    fault_ =
        fmt::format("redis-server can't be started: {}; scripts/bootstrap.sh test installs it", std::strerror(failed));
    return;
  }
  for (int tries = 0; tries < 500; ++tries) {
    if (connect_to()) return;
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      fault_ = "redis-server ended at once";
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  fault_ = "redis-server did not open its socket within 5 s";
}

bool RedisServer::connect_to() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_path();
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The interface of sockets wants the general address type.
  const auto* general = reinterpret_cast<const sockaddr*>(&address);
  if (connect(socket_, general, sizeof(address)) == 0) return true;
  close(socket_);
  socket_ = -1;
  return false;
}

void RedisServer::reconnect() {
  settle();
  close(socket_);
  in_.clear();
  read_ = 0;
  if (!connect_to()) {
    fault_ = "redis-server takes no second connection";
    return;
  }
  while (fault_.empty() && info_number("clients", "connected_clients") != 1) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void RedisServer::send(const std::vector<std::string>& words) {
  auto to = std::back_inserter(out_);
  fmt::format_to(to, "*{}\r\n", words.size());
  for (const std::string& word : words) fmt::format_to(to, "${}\r\n{}\r\n", word.size(), word);
  ++pending_;
  if (out_.size() > kBatchBytes) flush();
  if (pending_ >= kMostPending) settle();
}

void RedisServer::flush() {
  std::size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) {
      fault_ = "the connection to redis-server broke";
      break;
    }
    sent += static_cast<std::size_t>(n);
  }
  out_.clear();
}

void RedisServer::settle() {
  flush();
  for (; pending_ > 0 && fault_.empty(); --pending_) {
    if (read_answer().starts_with('-')) ++errors_;
  }
}

std::string RedisServer::ask(const std::vector<std::string>& words) {
  settle();
  send(words);
  flush();
  pending_ = 0;
  return read_answer();
}

long long RedisServer::ask_number(const std::vector<std::string>& words) {
  const std::string answer = ask(words);
  return answer.starts_with(':') ? std::atoll(answer.c_str() + 1) : -1;
}

long long RedisServer::info_number(std::string_view section, std::string_view name) {
  const std::string answer = ask({"INFO", std::string(section)});
  const std::size_t at = answer.find(fmt::format("\n{}:", name));
  return at == std::string::npos ? -1 : std::atoll(answer.c_str() + at + name.size() + 2);
}

bool RedisServer::fill() {
  char buffer[65536];
  const ssize_t n = recv(socket_, buffer, sizeof(buffer), 0);
  if (n <= 0) {
    fault_ = "the connection to redis-server broke";
    return false;
  }
  in_.erase(0, read_);
  read_ = 0;
  in_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::string RedisServer::read_line() {
  std::size_t end = in_.find("\r\n", read_);
  while (end == std::string::npos) {
    if (!fill()) return "-";
    end = in_.find("\r\n", read_);
  }
  std::string line = in_.substr(read_, end - read_);
  read_ = end + 2;
  return line;
}

// The text of an answer with its type in front; of a list its first line.
std::string RedisServer::read_answer() {
  std::string line = read_line();
  if (line.starts_with('*')) {
    for (int left = std::atoi(line.c_str() + 1); left > 0 && fault_.empty(); --left) read_answer();
    return line;
  }
  const int size = line.starts_with('$') ? std::atoi(line.c_str() + 1) : -1;
  if (size < 0) return line;
  const std::size_t whole = static_cast<std::size_t>(size) + 2;
  while (in_.size() - read_ < whole) {
    if (!fill()) return "-";
  }
  std::string text = "$" + in_.substr(read_, static_cast<std::size_t>(size));
  read_ += whole;
  return text;
}

}  // namespace tacos::support
