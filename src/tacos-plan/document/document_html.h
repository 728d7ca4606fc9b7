#pragma once

#include <string>

#include "tacos-plan/document/document.h"

namespace tacos::plan {

// The document as one page that needs nothing else, neither a network nor a script: light and dark, for a desk, a phone
// and paper.
std::string document_html(const Document& document);

}  // namespace tacos::plan
