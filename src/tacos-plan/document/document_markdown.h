#pragma once

#include <string>

#include "tacos-plan/document/document.h"

namespace tacos::plan {

// The document for a pull request or a wiki: GitHub's Markdown. Bars are percentages; charts are named and left out.
std::string document_markdown(const Document& document);

}  // namespace tacos::plan
