#include "tacos-gateway/process/service_notifier.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

std::optional<std::uint64_t> number_in(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, number);
  return error == std::errc() && at == end ? std::optional(number) : std::nullopt;
}

}  // namespace

ServiceNotifier::ServiceNotifier(const std::map<std::string, std::string>& environment) {
  const auto socket = environment.find("NOTIFY_SOCKET");
  if (socket == environment.end()) return;
  const bool is_address = socket->second.starts_with('/') || socket->second.starts_with('@');
  if (!is_address || socket->second.size() < 2 || socket->second.size() >= sizeof(sockaddr_un::sun_path)) return;
  socket_ = socket->second;
  const auto process = number_in(environment, "WATCHDOG_PID");
  if (process && *process != static_cast<std::uint64_t>(::getpid())) return;
  // More than a day is no watchdog; less than a millisecond would keep a core busy with it.
  const auto micros = number_in(environment, "WATCHDOG_USEC");
  if (micros && *micros >= 1000 && *micros <= 86'400'000'000) watchdog_ = std::chrono::microseconds(*micros);
}

ServiceNotifier ServiceNotifier::of_this_process() {
  std::map<std::string, std::string> environment;
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    if (const char* value = std::getenv(name); value != nullptr) environment.emplace(name, value);
  }
  return ServiceNotifier(environment);
}

void ServiceNotifier::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
}

void ServiceNotifier::stopping() {
  untold_.clear();
  tell("STOPPING=1");
}

void ServiceNotifier::tell(std::string state) {
  const std::string kind = state.substr(0, state.find('='));
  std::erase_if(untold_, [&](const std::string& older) { return older.substr(0, older.find('=')) == kind; });
  untold_.push_back(std::move(state));
  tell_again();
}

bool ServiceNotifier::tell_again() {
  std::size_t told = 0;
  while (told < untold_.size() && send(untold_[told])) ++told;
  untold_.erase(untold_.begin(), untold_.begin() + static_cast<std::ptrdiff_t>(told));
  return untold_.empty();
}

bool ServiceNotifier::send(std::string_view state) const {
  if (socket_.empty()) return true;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  // An abstract name has a NUL where it is written with '@', and ends where the length says.
  const bool abstract = socket_.front() == '@';
  if (abstract) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() + (abstract ? 0 : 1));
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  const ssize_t sent =
      ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  ::close(descriptor);
  return sent >= 0;
}

}  // namespace tacos::gateway
