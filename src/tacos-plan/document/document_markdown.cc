#include "tacos-plan/document/document_markdown.h"

#include <cctype>
#include <string_view>

#include <fmt/format.h>

#include "report/markdown_text.h"
#include "report/page/html_text.h"
#include "tacos-plan/document/document_parts.h"

namespace tacos::plan {
namespace {

using Kind = Document::Column::Kind;
using Tone = Document::Tone;

std::string_view mark_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "✅";
    case Tone::kCaution:
      return "⚠️";
    case Tone::kBad:
      return "❌";
    case Tone::kPlain:
      break;
  }
  return "";
}

std::string after_mark(Tone tone, std::string_view text) {
  const std::string_view mark = mark_of(tone);
  return mark.empty() ? std::string(text) : fmt::format("{} {}", mark, text);
}

// Text at the front of a line, where "1." and "-" and ">" would begin a list or a quotation.
std::string block_text(std::string_view text) {
  std::string out = report::plain_markdown(text);
  out.erase(0, out.find_first_not_of(' '));
  const std::size_t digits = std::min(out.find_first_not_of("0123456789"), out.size());
  if (digits < out.size() && (digits > 0 ? out[digits] == '.' || out[digits] == ')'
                                         : std::string_view("-+>=").find(out[0]) != std::string_view::npos)) {
    out.insert(digits, "\\");
  }
  return out;
}

std::string strong(std::string_view markdown) {
  const auto begin = markdown.find_first_not_of(' ');
  if (begin == std::string_view::npos) return "";
  // Blanks inside the asterisks would make them mere asterisks.
  return fmt::format("**{}**", markdown.substr(begin, markdown.find_last_not_of(' ') + 1 - begin));
}

struct BlockWriter {
  std::string& out;

  void operator()(const Document::Paragraph& p) const {
    out += p.soft ? fmt::format("<sub>{}</sub>\n", report::plain_markdown(p.text)) : block_text(p.text) + "\n";
  }
  void operator()(const Document::Notices& n) const {
    for (const auto& notice : n.notices) {
      const std::string code = strong(report::plain_markdown(notice.code));
      const std::string text = code.empty() ? block_text(notice.text) : report::plain_markdown(notice.text);
      out += "- " + after_mark(notice.tone, code.empty() ? text : code + " " + text) + "\n";
    }
  }
  void operator()(const Document::Figures& f) const {
    out += "| | | |\n|---:|---|---|\n";
    for (const auto& figure : f.figures) {
      out += fmt::format("| {} | {} | {} |\n", strong(report::plain_markdown(figure.value)),
                         report::plain_markdown(figure.name), report::plain_markdown(figure.note));
    }
  }
  void operator()(const Document::Table& table) const {
    for (const auto& column : table.columns) out += fmt::format("| {} ", report::plain_markdown(column.title));
    out += "|\n";
    for (const auto& column : table.columns) out += column.kind == Kind::kText ? "|---" : "|---:";
    out += "|\n";
    for (const auto& row : table.rows) {
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const std::string text = report::plain_markdown(words_of(table, row, c));
        out += fmt::format("| {} ", after_mark(cell_of(row, c).tone, row.total ? strong(text) : text));
      }
      out += "|\n";
    }
    if (table.rows.empty()) out += "\n<sub>none</sub>\n";
  }
  void operator()(const Document::Charts& c) const {
    out += "<sub>";
    out += c.charts.size() == 1 ? "The HTML page has a chart here: " : "The HTML page has charts here: ";
    for (std::size_t i = 0; i < c.charts.size(); ++i) {
      out += (i > 0 ? "; " : "") + report::plain_markdown(c.charts[i].title);
    }
    out += ".</sub>\n";
  }
};

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return text;
}

void write(const Document::Section& section, std::string& out) {
  if (says_nothing(section)) return;
  // Blank lines around: what is between them is Markdown again.
  if (section.detail) {
    out += fmt::format("\n<details><summary>{}</summary>\n", report::escaped(one_line(section.title)));
  } else if (!section.title.empty()) {
    out += fmt::format("\n## {}\n", report::plain_markdown(section.title));
  }
  for (const auto& block : section.blocks) {
    if (says_nothing(block)) continue;
    out += "\n";
    std::visit(BlockWriter{out}, block);
  }
  if (section.detail) out += "\n</details>\n";
}

}  // namespace

std::string document_markdown(const Document& d) {
  std::string out = fmt::format("# {}\n", report::plain_markdown(d.title));
  if (!d.headline.empty()) out += "\n" + after_mark(d.tone, strong(report::plain_markdown(d.headline))) + "\n";
  if (!d.reasons.empty()) out += "\n";
  for (const auto& reason : d.reasons) out += "- " + block_text(reason) + "\n";
  for (const auto& section : d.sections) write(section, out);
  if (!d.origin.empty()) out += fmt::format("\n<sub>{}</sub>\n", report::plain_markdown(d.origin));
  return out;
}

}  // namespace tacos::plan
