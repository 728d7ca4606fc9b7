#include "tacos-plan/document/ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/text_columns.h"

namespace tacos::plan {
namespace {

using Tone = Document::Tone;

// Signs that the texts of a plan use, and how they were written before there were any.
constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kInAscii{{
    {"–", "-"},  {"—", "-"},    {"−", "-"},   {"…", "..."},    {"·", "*"},   {"×", "x"},   {"÷", "/"},  {"µ", "u"},
    {"≤", "<="}, {"≥", ">="},   {"≈", "~"},   {"→", "->"},     {"←", "<-"},  {"“", "\""},  {"”", "\""}, {"’", "'"},
    {"‘", "'"},  {"√", "sqrt"}, {"Σ", "sum"}, {"λ", "lambda"}, {"ρ", "rho"}, {"°", "deg"},
}};

std::string in_ascii(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    const auto known =
        std::find_if(kInAscii.begin(), kInAscii.end(), [&](const auto& pair) { return text.starts_with(pair.first); });
    std::size_t bytes = 1;
    if (known != kInAscii.end()) {
      out += known->second;
      bytes = known->first.size();
    } else {
      out += '?';
      while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string repeated(std::string_view glyph, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += glyph;
  return text;
}

// ECMA-48, SGR.
std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kCaution:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kPlain:
      break;
  }
  return "";
}

}  // namespace

std::string Ink::clean(std::string_view text) const {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  line = core::cut_to_columns(line, std::numeric_limits<std::size_t>::max());
  return unicode_ ? line : in_ascii(line);
}

std::string Ink::paint(std::string_view text, Tone tone, Weight weight) const {
  if (!colour_ || text.empty() || (tone == Tone::kPlain && weight == Weight::kNormal)) return std::string(text);
  std::string painted(weight == Weight::kStrong ? "\x1b[1m" : weight == Weight::kFaint ? "\x1b[2m" : "");
  return painted.append(code_of(tone)).append(text).append("\x1b[0m");
}

std::string_view Ink::mark(Tone tone) const {
  switch (tone) {
    case Tone::kGood:
      return unicode_ ? "✓" : "+";
    case Tone::kCaution:
      return "!";
    case Tone::kBad:
      return unicode_ ? "✗" : "!!";
    case Tone::kPlain:
      break;
  }
  return "";
}

std::string Ink::rule(std::size_t columns) const {
  return faint(repeated(unicode_ ? "─" : "-", columns));
}

std::string Ink::bar(double share, std::size_t columns, Tone tone) const {
  std::size_t filled = 0;
  if (share >= 1) {
    filled = columns;
  } else if (share > 0 && columns > 1) {
    // Something is never drawn as nothing, nor a part as the whole.
    const auto nearest = static_cast<std::size_t>(std::lround(share * static_cast<double>(columns)));
    filled = std::clamp<std::size_t>(nearest, 1, columns - 1);
  }
  return paint(repeated(unicode_ ? "█" : "#", filled), tone) + faint(repeated(unicode_ ? "░" : ".", columns - filled));
}

namespace {

// A name that is too long for a line is parted behind a dot or an underscore, as late as that fits: by blanks, which
// wrapping then takes, since what follows would not have fitted on the line.
std::string with_names_parted(std::string_view text, std::size_t columns) {
  std::string parted;
  std::size_t word = 0;  // letters of the word so far
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool joint = i > 0 && word > 0 && (text[i - 1] == '_' || text[i - 1] == '.');
    const std::size_t segment = std::min(text.find_first_of("_. ", i), text.size() - 1) + 1 - i;
    const std::size_t end = text[i + segment - 1] == ' ' ? segment - 1 : segment;
    if (joint && text[i] != ' ' && word + end > columns) {
      parted += ' ';
      word = 0;
    }
    parted += text[i];
    word = text[i] == ' ' ? 0 : word + 1;
  }
  return parted;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  // "70 %" stays together: wrapping breaks at blanks, and a no-break space is none.
  constexpr std::string_view kApart = " %", kTogether = "\u00A0%";
  const auto replace = [](std::string& line, std::string_view from, std::string_view to) {
    for (auto at = line.find(from); at != std::string::npos; at = line.find(from, at + to.size())) {
      line.replace(at, from.size(), to);
    }
  };
  std::string unbroken = with_names_parted(text, columns);
  replace(unbroken, kApart, kTogether);
  auto lines = core::wrap_to_columns(unbroken, columns, std::numeric_limits<std::size_t>::max());
  for (std::string& line : lines) replace(line, kTogether, kApart);
  return lines;
}

std::string without_end_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace tacos::plan
