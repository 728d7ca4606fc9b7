#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/units.h"
#include "measure/run_report.h"
#include "report/page/html_text.h"

namespace tacos::report {

// Milliseconds with as many digits as matter.
inline std::string ms(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.3f}", value);
}

// A sign behind the text of a cell, for what its colour says to those who see colours.
struct CellMark {
  std::string_view sign{};
  std::string_view meaning{};  // for a screen reader
};

// A table in a box of its own that scrolls when the page is narrower. Text is escaped here and nowhere else.
class Table {
 public:
  enum class Column : std::uint8_t { kText, kNumber };
  using enum Column;

  explicit Table(std::initializer_list<std::pair<const char*, Column>> columns) {
    for (const auto& [name, column] : columns) title(name, column);
    html_ += "</tr></thead>\n<tbody>\n";
  }
  explicit Table(const std::vector<std::pair<std::string, Column>>& columns) {
    for (const auto& [name, column] : columns) title(name, column);
    html_ += "</tr></thead>\n<tbody>\n";
  }

  Table& row(std::string_view row_class = "") {
    end_row();
    html_ += row_class.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", row_class);
    in_row_ = true;
    return *this;
  }
  Table& name(std::string_view text, std::string_view cell_class = "", CellMark mark = {}) {
    html_ += fmt::format("<th scope=\"row\"{}>{}{}</th>", class_of(cell_class), escaped(text), html_of(mark));
    return *this;
  }
  Table& text(std::string_view text, std::string_view cell_class = "", CellMark mark = {}) {
    html_ += fmt::format("<td{}>{}{}</td>", class_of(cell_class), escaped(text), html_of(mark));
    return *this;
  }
  Table& number(std::string_view text) { return this->text(text, "n"); }
  Table& number(std::uint64_t count) { return number(core::format_count(count)); }
  // One cell as wide as `columns`.
  Table& rest(std::string_view text, int columns) {
    html_ += fmt::format("<td class=\"rest\" colspan=\"{}\">{}</td>", columns, escaped(text));
    return *this;
  }
  Table& bar(double share) {
    html_ +=
        fmt::format("<td class=\"bar\"><span style=\"width:{:.1f}%\"></span></td>", std::clamp(share, 0.0, 1.0) * 100);
    return *this;
  }
  // A number on a shade as wide as the share of the cell; `near_limit` is marked by more than colour.
  Table& load(double share, std::string_view words, bool near_limit) {
    const double percent = share > 0 ? std::min(share, 1.0) * 100 : 0;
    html_ += fmt::format("<td class=\"n load{}\" style=\"--share:{:.1f}%\">{}</td>", near_limit ? " near" : "", percent,
                         escaped(words));
    return *this;
  }
  // A share on a track that shows where the whole ends, and its words.
  Table& gauge(double share, std::string_view words, std::string_view tone, CellMark mark = {}) {
    const double percent = share > 0 ? std::min(share, 1.0) * 100 : 0;  // what is no number is none
    html_ +=
        fmt::format("<td class=\"gauge {}\"><div><i><b style=\"width:{:.1f}%\"></b></i><span>{}{}</span></div></td>",
                    tone, percent, escaped(words), html_of(mark));
    return *this;
  }
  // The percentiles of a time, or as many dashes when nothing was measured.
  Table& times(const measure::Percentiles& p) {
    for (const double value : {p.p50, p.p90, p.p99, p.p99_9, p.p99_99, p.max}) number(p.max > 0 ? ms(value) : "–");
    return *this;
  }
  std::string html() {
    end_row();
    return html_ + "</tbody></table></div>\n";
  }

 private:
  void title(std::string_view name, Column column) {
    html_ += fmt::format("<th scope=\"col\"{}>{}</th>", class_of(column == kNumber ? "n" : ""), escaped(name));
  }

  static std::string class_of(std::string_view names) {
    return names.empty() ? "" : fmt::format(" class=\"{}\"", names);
  }

  static std::string html_of(CellMark mark) {
    if (mark.sign.empty()) return "";
    return fmt::format("<span class=\"mark\" role=\"img\" aria-label=\"{}\">{}</span>", escaped(mark.meaning),
                       escaped(mark.sign));
  }

  void end_row() {
    if (in_row_) html_ += "</tr>\n";
    in_row_ = false;
  }

  std::string html_ = "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>";
  bool in_row_ = false;
};

}  // namespace tacos::report
