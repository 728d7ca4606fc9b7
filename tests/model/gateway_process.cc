#include "model/gateway_process.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "support/redis_server.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): not every header set declares it

namespace tacos::model {

using namespace std::chrono_literals;

GatewayProcess::GatewayProcess(const std::string& program, const std::vector<std::string>& options) {
  const char* base = std::getenv("TMPDIR");
  directory_ = fmt::format("{}/tacos-model-XXXXXX", base == nullptr ? "/tmp" : base);
  if (mkdtemp(directory_.data()) == nullptr) {
    fault_ = fmt::format("no directory {}: {}", directory_, std::strerror(errno));
    directory_.clear();
    return;
  }
  const std::string token_file = directory_ + "/admin-token";
  std::ofstream(token_file) << kAdminToken << '\n';
  port_ = support::free_port();
  std::vector<std::string> words = {
      program,      "--listen",         fmt::format("127.0.0.1:{}", port_), "--admin-token-file", token_file,
      "--log-file", directory_ + "/log"};
  words.insert(words.end(), options.begin(), options.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (const int failed = posix_spawn(&process_, program.c_str(), nullptr, nullptr, arguments.data(), environ)) {
    process_ = -1;
    fault_ = fmt::format("{} can't be started: {}", program, std::strerror(failed));
    return;
  }
  for (int tries = 0; tries < 1000; ++tries) {
    if (listens()) return;
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = -1;
      fault_ = "the gateway ended at once: " + log();
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  fault_ = "the gateway does not listen";
}

GatewayProcess::~GatewayProcess() {
  stop();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

bool GatewayProcess::listens() const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return connected;
}

int GatewayProcess::stop() {
  if (process_ < 0) return -1;
  kill(process_, SIGTERM);
  int state = 0;
  const auto limit = std::chrono::steady_clock::now() + 15s;
  while (waitpid(process_, &state, WNOHANG) != process_) {
    if (std::chrono::steady_clock::now() > limit) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
      process_ = -1;
      return -1;
    }
    std::this_thread::sleep_for(10ms);
  }
  process_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

std::string GatewayProcess::log() const {
  std::ifstream file(directory_ + "/log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace tacos::model
