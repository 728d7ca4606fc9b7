#include "tacos-gateway/process/operator_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

// Closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

core::Error cannot_read(const std::string& path, std::string_view reason) {
  return fail(fmt::format("cannot read '{}': {}", path, reason));
}

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "it is a directory; name a regular file";
  if (S_ISFIFO(mode)) return "it is a pipe; name a regular file";
  return "it is not a regular file";
}

// Without O_NONBLOCK opening a FIFO waits for somebody who writes to it.
int open_to_read(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

Result<struct stat> examine(const std::string& path, int descriptor) {
  if (path.find('\0') != std::string::npos) return cannot_read(path.c_str(), "the name holds a NUL byte");
  struct stat facts {};
  if (descriptor < 0 || ::fstat(descriptor, &facts) != 0) return cannot_read(path, std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) return cannot_read(path, kind_of(facts.st_mode));
  if (facts.st_size > static_cast<off_t>(kLargestFileBytes)) {
    return cannot_read(path, fmt::format("it has {} bytes, and {} are the most", facts.st_size, kLargestFileBytes));
  }
  return facts;
}

Result<std::string> read_to_end(const std::string& path, int descriptor) {
  std::string text;
  char block[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(descriptor, block, sizeof block);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(path, std::strerror(errno));
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > kLargestFileBytes) return cannot_read(path, "it grows while it is read");
  }
}

// Where others may not write, the reason.
Result<OperatorFile> read(const std::string& path, std::string_view harm) {
  const Descriptor descriptor(open_to_read(path));
  const auto facts = examine(path, descriptor.number());
  if (facts.has_error()) return facts.error();
  if (!harm.empty() && (facts->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(fmt::format("'{}' may be written by others (mode {:03o}), {}", path, facts->st_mode & 0777, harm));
  }
  auto text = read_to_end(path, descriptor.number());
  if (text.has_error()) return text.error();
  return OperatorFile{std::move(*text), (facts->st_mode & S_IROTH) != 0};
}

}  // namespace

Result<void> check_operator_file(const std::string& path) {
  const Descriptor descriptor(open_to_read(path));
  const auto facts = examine(path, descriptor.number());
  if (facts.has_error()) return facts.error();
  if (facts->st_size == 0) return cannot_read(path, "it is empty");
  return {};
}

Result<OperatorFile> read_operator_file(const std::string& path) {
  return read(path, {});
}

Result<OperatorFile> read_trusted_file(const std::string& path) {
  return read(path, fmt::format("who could change what the gateway does; run: chmod go-w {}", path));
}

Result<OperatorFile> read_secret_file(const std::string& path) {
  return read(path, fmt::format("who could put a secret of theirs in it; run: chmod 600 {}", path));
}

}  // namespace tacos::gateway
