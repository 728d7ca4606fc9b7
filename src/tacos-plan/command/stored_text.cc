#include "tacos-plan/command/stored_text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;

constexpr std::size_t kMostBytes = 256U << 20U;
constexpr std::size_t kPieceBytes = 64U << 10U;

bool write_all(std::FILE* to, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), to) == text.size() && std::fflush(to) == 0;
}

}  // namespace

core::Result<std::string> stored_text(const std::string& file, std::string_view called) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return fail(fmt::format("{}: {} is a directory", called, file));
  // Piece by piece to its end: a pipe, such as a shell's <(…), has no size to ask for.
  std::ifstream in(file, std::ios::binary);
  std::string text;
  std::string piece(kPieceBytes, '\0');
  while (in && text.size() <= kMostBytes) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) return fail(fmt::format("{}: cannot read {}: {}", called, file, std::strerror(errno)));
  if (text.size() > kMostBytes) return fail(fmt::format("{}: {} is larger than 256 MiB", called, file));
  return text;
}

core::Result<void> store_text(const std::string& file, std::string_view text) {
  if (file.empty()) {
    if (write_all(stdout, text)) return {};
    return fail(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  }
  // A device or a pipe has no half-written state, and no name beside it.
  std::error_code ignored;
  const auto kind = std::filesystem::status(file, ignored).type();
  const bool in_place = kind != std::filesystem::file_type::not_found && kind != std::filesystem::file_type::regular;
  const std::string partial = in_place ? file : file + ".partial";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(
      std::fopen(partial.c_str(), "wb"), [](std::FILE* f) { return f == nullptr ? 0 : std::fclose(f); });
  if (!out) return fail(fmt::format("cannot write {}: {}", file, std::strerror(errno)));
  if (write_all(out.get(), text) && (in_place || std::rename(partial.c_str(), file.c_str()) == 0)) return {};
  const std::string reason = std::strerror(errno);
  if (!in_place) std::remove(partial.c_str());
  return fail(fmt::format("cannot write {}: {}", file, reason));
}

}  // namespace tacos::plan
