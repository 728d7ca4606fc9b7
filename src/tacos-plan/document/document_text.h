#pragma once

#include <cstddef>
#include <string>

#include "tacos-plan/document/document.h"

namespace tacos::plan {

struct TextOptions {
  std::size_t width = 80;  // no line is wider; less than 20 is taken for 20
  bool colour = false;     // the caller knows of NO_COLOR and of pipes
  bool unicode = true;     // otherwise ASCII only, and what ASCII lacks is written in its place or as '?'
  bool details = false;    // the sections of detail too
};

// The document for a terminal. Tones are marks as well as colours.
std::string document_text(const Document& document, const TextOptions& options);

}  // namespace tacos::plan
