#pragma once

#include <cstddef>

namespace tacos::report {

// Does the locale print UTF-8? The first of the three that says anything decides (POSIX, 8.2).
bool prints_utf8(const char* lc_all, const char* lc_ctype, const char* lang);
// The same for this process's locale.
bool prints_utf8();

// Is it a terminal that can be drawn on again, not a pipe, a file or a dumb one?
bool draws_in_place(int descriptor);

// May colours be written there: a terminal that knows them, and no NO_COLOR (no-color.org: any value but none).
bool wants_colour(int descriptor);

// Columns of the terminal there; 80 where there is none.
std::size_t terminal_width(int descriptor);

}  // namespace tacos::report
