// plan_document_sample FORMAT [WIDTH]: prints the sample document as html, markdown, text, colour or ascii, for the
// browser test and for whoever wants to see it.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sample_document.h"
#include "tacos-plan/document/document_html.h"
#include "tacos-plan/document/document_markdown.h"
#include "tacos-plan/document/document_text.h"

int main(int count, char** arguments) {
  const std::string format = count > 1 ? arguments[1] : "";
  const auto document = tacos::plan::sample_document();
  std::string text;
  if (format == "html") {
    text = tacos::plan::document_html(document);
  } else if (format == "markdown") {
    text = tacos::plan::document_markdown(document);
  } else if (format == "text" || format == "colour" || format == "ascii") {
    const std::size_t width = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 80;
    text = tacos::plan::document_text(document, {width, format == "colour", format != "ascii", false});
  } else {
    std::fputs("usage: plan_document_sample html|markdown|text|colour|ascii [WIDTH]\n", stderr);
    return 2;
  }
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
