#include "core/text_columns.h"

#include <algorithm>
#include <array>

namespace tacos::core {
namespace {

struct Glyph {
  std::size_t bytes = 1;
  std::size_t columns = 1;
  bool control = false;
};

constexpr bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool is_wide(char32_t c) {
  struct Block {
    char32_t first, last;
  };
  constexpr std::array<Block, 10> kWide{{{0x1100, 0x115F},
                                         {0x2E80, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1F64F},
                                         {0x1F680, 0x1F9FF},
                                         {0x20000, 0x3FFFD}}};
  return std::any_of(kWide.begin(), kWide.end(), [&](const Block& b) { return c >= b.first && c <= b.last; });
}

// The first code point of a text that is not empty. A byte that is no UTF-8 counts as a code point of its own.
Glyph first_glyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {1, 1, lead < 0x20 || lead == 0x7F};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  // A lone continuation byte would be 0x80–0x9F in Latin-1, which some terminals take for control characters.
  if (length == 1 || length > text.size()) return {1, 1, true};
  char32_t code = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return {1, 1, true};
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  return {length, is_wide(code) ? 2u : 1u, code >= 0x80 && code < 0xA0};
}

// The bytes at the front of the text that take at most that many columns.
std::size_t bytes_within(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Glyph glyph = first_glyph(text.substr(bytes));
    if (glyph.columns > columns) break;
    columns -= glyph.columns;
    bytes += glyph.bytes;
  }
  return bytes;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string cut_to_columns(std::string_view text, std::size_t columns, std::string_view ellipsis) {
  const bool fits = columns_of(text) <= columns;
  const std::size_t mark = columns_of(ellipsis);
  if (!fits && mark > columns) return std::string(columns, '.');
  std::size_t room = fits ? columns : columns - mark;
  std::string out;
  while (!text.empty()) {
    const Glyph glyph = first_glyph(text);
    if (glyph.columns > room) break;
    room -= glyph.columns;
    if (glyph.control) {
      out += '?';
    } else {
      out += text.substr(0, glyph.bytes);
    }
    text.remove_prefix(glyph.bytes);
  }
  if (!fits) out += ellipsis;
  return out;
}

std::vector<std::string> wrap_to_columns(std::string_view text, std::size_t columns, std::size_t most_lines,
                                         std::string_view ellipsis) {
  columns = std::max<std::size_t>(columns, 1);
  std::vector<std::string> lines;
  while (lines.size() + 1 < most_lines && columns_of(text) > columns) {
    // The last space that still leaves a line short enough.
    std::size_t at = std::string_view::npos;
    for (std::size_t space = text.find(' '); space != std::string_view::npos; space = text.find(' ', space + 1)) {
      if (columns_of(text.substr(0, space)) > columns) break;
      if (space > 0) at = space;
    }
    // A word longer than a line, such as a URL or a sentence of a script without spaces, is broken at its end.
    const bool in_word = at == std::string_view::npos;
    if (in_word) at = std::max(first_glyph(text).bytes, bytes_within(text, columns));
    lines.push_back(cut_to_columns(text.substr(0, at), columns, ellipsis));
    text.remove_prefix(in_word ? at : at + 1);
  }
  if (most_lines > 0 && (lines.empty() || !text.empty())) lines.push_back(cut_to_columns(text, columns, ellipsis));
  return lines;
}

}  // namespace tacos::core
