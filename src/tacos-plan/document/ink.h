#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tacos-plan/document/document.h"

namespace tacos::plan {

// What a terminal can show: its colours, and the signs there are for rules, bars and tones.
class Ink {
 public:
  enum class Weight : std::uint8_t { kNormal, kStrong, kFaint };

  Ink(bool colour, bool unicode) : colour_(colour), unicode_(unicode) {}

  // The text, safe to print: one line, no character that steers a terminal, and ASCII only where there is no more.
  // Everything that is not this file's own goes through here.
  std::string clean(std::string_view text) const;

  std::string paint(std::string_view text, Document::Tone tone, Weight weight = Weight::kNormal) const;
  std::string strong(std::string_view text) const { return paint(text, Document::Tone::kPlain, Weight::kStrong); }
  std::string faint(std::string_view text) const { return paint(text, Document::Tone::kPlain, Weight::kFaint); }

  // What stands for a tone where there is no colour; nothing for kPlain.
  std::string_view mark(Document::Tone tone) const;

  std::string rule(std::size_t columns) const;
  // A share of a whole, with the rest of the whole to be seen.
  std::string bar(double share, std::size_t columns, Document::Tone tone) const;

  bool unicode() const { return unicode_; }

 private:
  bool colour_;
  bool unicode_;
};

// A cleaned text in lines of at most that many columns; nothing is cut.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// Without the blanks that were only there to fill a column.
std::string without_end_blanks(std::string line);

}  // namespace tacos::plan
