#include "tacos-plan/document/document_html.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text_columns.h"
#include "report/page/html_page.h"
#include "report/page/html_table.h"
#include "report/page/html_text.h"
#include "report/page_assets.h"  // made by the build from src/report/page
#include "tacos-plan/document/document_parts.h"
#include "tacos-plan/document_style.h"  // made by the build from document.css

namespace tacos::plan {
namespace {

using report::escaped;
using Kind = Document::Column::Kind;
using Tone = Document::Tone;

constexpr std::size_t kSectionsThatNeedContents = 4;
constexpr std::size_t kLongWords = 36;  // columns of text from which a cell may wrap

struct Look {
  std::string_view css_class;
  std::string_view sign;
  std::string_view meaning;
};

Look look_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return {"good", "✓", "good"};
    case Tone::kCaution:
      return {"caution", "!", "caution"};
    case Tone::kBad:
      return {"bad", "✗", "bad"};
    case Tone::kPlain:
      break;
  }
  return {"plain", "", ""};
}

std::string sign_html(Tone tone) {
  const Look look = look_of(tone);
  if (look.sign.empty()) return "";
  return fmt::format("<span class=\"sign\" role=\"img\" aria-label=\"{}\">{}</span>", look.meaning, look.sign);
}

// Of a title the letters and digits that an address can hold, and a number where two titles come to the same.
std::string id_of(std::string_view title, std::set<std::string>& taken) {
  std::string base;
  for (const char c : title) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) base += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!letter && !base.empty() && base.back() != '-') base += '-';
  }
  base.erase(base.find_last_not_of('-') + 1);
  if (base.empty()) base = "section";
  std::string id = base;
  for (int n = 2; !taken.insert(id).second; ++n) id = fmt::format("{}-{}", base, n);
  return id;
}

std::string class_of(const Document::Table& table, const Document::Row& row, std::size_t column) {
  const auto& cell = cell_of(row, column);
  std::string names = cell.tone == Tone::kPlain ? "" : std::string(look_of(cell.tone).css_class);
  const bool number = table.columns[column].kind == Kind::kNumber;
  const bool words = !number && core::columns_of(cell.text) > kLongWords;
  for (const std::string_view name : {number ? "n" : "", words ? "words" : ""}) {
    if (name.empty()) continue;
    if (!names.empty()) names += ' ';
    names += name;
  }
  return names;
}

struct BlockWriter {
  std::string& html;

  void operator()(const Document::Paragraph& p) const {
    html += fmt::format("<p{}>{}</p>\n", p.soft ? " class=\"soft\"" : "", escaped(p.text));
  }
  void operator()(const Document::Figures& f) const {
    html += "<div class=\"numbers\">\n";
    for (const auto& figure : f.figures) {
      html += fmt::format("<div><b>{}</b>{}", escaped(figure.value), escaped(figure.name));
      if (!figure.note.empty()) html += fmt::format("<small>{}</small>", escaped(figure.note));
      html += "</div>\n";
    }
    html += "</div>\n";
  }
  void operator()(const Document::Notices& n) const {
    html += "<ul class=\"notices\">\n";
    for (const auto& notice : n.notices) {
      html += fmt::format("<li class=\"{}\">", look_of(notice.tone).css_class);
      if (notice.code.empty()) {
        html += sign_html(notice.tone);
      } else {
        html += fmt::format("<code>{}{}</code> ", sign_html(notice.tone), escaped(notice.code));
      }
      html += fmt::format("<span>{}</span></li>\n", escaped(notice.text));
    }
    html += "</ul>\n";
  }
  void operator()(const Document::Table& table) const {
    std::vector<std::pair<std::string, report::Table::Column>> columns;
    for (const auto& column : table.columns) {
      columns.emplace_back(column.title, column.kind == Kind::kNumber ? report::Table::kNumber : report::Table::kText);
    }
    report::Table out(columns);
    for (const auto& row : table.rows) {
      out.row(row.total ? "total" : "");
      for (std::size_t c = 0; c < table.columns.size(); ++c) write_cell(out, table, row, c);
    }
    html += out.html();
    if (table.rows.empty()) html += "<p class=\"soft\">none</p>\n";
  }
  void operator()(const Document::Charts& c) const {
    html += fmt::format("<div class=\"charts{}\">\n", c.charts.size() == 1 ? " single" : "");
    for (const auto& chart : c.charts) html += report::svg_chart(chart);
    html += "</div>\n";
  }

  static void write_cell(report::Table& out, const Document::Table& table, const Document::Row& row, std::size_t c) {
    const auto& cell = cell_of(row, c);
    const Look look = look_of(cell.tone);
    const report::CellMark mark{look.sign, look.meaning};
    const std::string words = words_of(table, row, c);
    if (c == 0) {
      out.name(words, class_of(table, row, c), mark);
    } else if (table.columns[c].kind == Kind::kBar && c < row.cells.size()) {
      out.gauge(cell.share, words, look.css_class, mark);
    } else {
      out.text(words, class_of(table, row, c), mark);
    }
  }
};

std::string section_html(const Document::Section& section, std::string_view id) {
  const char* element = section.detail ? "details" : "section";
  std::string html = fmt::format("<{} id=\"{}\">", element, id);
  html += section.detail ? "<summary>" : "";
  if (!section.title.empty()) html += fmt::format("<h2>{}</h2>", escaped(section.title));
  html += section.detail ? "</summary>\n" : "\n";
  for (const auto& block : section.blocks) {
    if (!says_nothing(block)) std::visit(BlockWriter{html}, block);
  }
  return html + fmt::format("</{}>\n", element);
}

std::string head_html(const Document& d) {
  std::string html =
      fmt::format("<header><p class=\"soft\">{}</p>\n<h1>{}</h1></header>\n", escaped(d.program), escaped(d.title));
  if (d.headline.empty() && d.reasons.empty()) return html;
  html += fmt::format("<section class=\"verdict {}\"><strong>{}{}</strong>\n", look_of(d.tone).css_class,
                      sign_html(d.tone), escaped(d.headline));
  if (!d.reasons.empty()) html += "<ul>";
  for (const auto& reason : d.reasons) html += "<li>" + escaped(reason) + "</li>\n";
  return html + (d.reasons.empty() ? "" : "</ul>") + "</section>\n";
}

}  // namespace

std::string document_html(const Document& d) {
  std::string contents, sections;
  std::set<std::string> taken;
  std::size_t count = 0;
  for (const auto& section : d.sections) {
    if (says_nothing(section)) continue;
    const std::string id = id_of(section.title, taken);
    if (!section.title.empty()) {
      contents += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", id, escaped(section.title));
    }
    sections += section_html(section, id);
    ++count;
  }
  std::string html = report::page_head(fmt::format("{} – {}", d.title, d.program),
                                       std::string(report::kSvgStyle) + std::string(kDocumentStyle));
  html += "<main class=\"document\">\n" + head_html(d);
  if (count >= kSectionsThatNeedContents) {
    html += "<nav aria-label=\"contents\"><ul>\n" + contents + "</ul></nav>\n";
  }
  html += sections;
  if (!d.origin.empty()) html += "<footer><p class=\"soft\">" + escaped(d.origin) + "</p></footer>\n";
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace tacos::plan
