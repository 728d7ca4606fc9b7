#include "tacos-gateway/config_file.h"

#include <algorithm>

#include <fmt/format.h>

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

constexpr std::string_view kBlank = " \t\r\v\f";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || kBlank.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
  }
  return line;
}

core::Error wrong(std::string_view path, std::size_t number, std::string_view what) {
  return fail(fmt::format("line {} of {}: {}", number, path, what));
}

Result<ConfigLine> parse_line(std::string_view line, std::size_t number, std::string_view path) {
  static constexpr std::string_view kExample = "write lines such as 'admission-rate = 1000'";
  if (line.front() == '[') {
    return wrong(path, number, fmt::format("'{}' is a section, and this file has none; {}", line, kExample));
  }
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return wrong(path, number, fmt::format("'{}' has no '='; {}", line, kExample));
  const std::string_view name = trimmed(line.substr(0, equals));
  const std::string_view value = trimmed(line.substr(equals + 1));
  if (name.empty()) return wrong(path, number, fmt::format("nothing stands before the '='; {}", kExample));
  if (value.empty()) return wrong(path, number, fmt::format("'{}' has no value; give it one or take it out", name));
  return ConfigLine{std::string(name), std::string(value), number};
}

}  // namespace

Result<std::vector<ConfigLine>> parse_config(std::string_view text, std::string_view path) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<ConfigLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view whole = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (whole.find('\0') != std::string_view::npos) {
      return wrong(path, number, "it holds a NUL byte, so this is no text file");
    }
    const std::string_view line = trimmed(without_comment(whole));
    if (line.empty()) continue;
    auto parsed = parse_line(line, number, path);
    if (parsed.has_error()) return parsed.error();
    const auto before =
        std::find_if(lines.begin(), lines.end(), [&](const ConfigLine& other) { return other.name == parsed->name; });
    if (before != lines.end()) {
      return wrong(path, number,
                   fmt::format("'{}' stands in line {} already; give it once", parsed->name, before->number));
    }
    lines.push_back(std::move(*parsed));
  }
  return lines;
}

}  // namespace tacos::gateway
