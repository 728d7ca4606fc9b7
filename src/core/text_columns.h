#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tacos::core {

// How many columns UTF-8 text takes on a terminal: one per code point, two for the wide ones of East Asian scripts and
// emoji (Unicode Standard Annex 11, the W and F blocks). The text holds no escape sequences.
std::size_t columns_of(std::string_view text);

// The text in at most that many columns; what is longer is cut and ends in the ellipsis. Control characters become '?':
// a name from a file must not move the cursor.
std::string cut_to_columns(std::string_view text, std::size_t columns, std::string_view ellipsis = "…");

// The text in lines of at most that many columns (at least 1), broken between words where it can be and
// within a word that is longer than a line. What does not fit in most_lines is cut with an ellipsis.
std::vector<std::string> wrap_to_columns(std::string_view text, std::size_t columns, std::size_t most_lines,
                                         std::string_view ellipsis = "…");

}  // namespace tacos::core
