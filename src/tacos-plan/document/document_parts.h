#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "tacos-plan/document/document.h"
#include "tacos-plan/document/number_text.h"

namespace tacos::plan {

// What every renderer of a document must see in the same way.

// A table without rows says "none"; anything else that is empty says nothing.
inline bool says_nothing(const Document::Block& block) {
  struct Visitor {
    bool operator()(const Document::Paragraph& p) const { return p.text.empty(); }
    bool operator()(const Document::Figures& f) const { return f.figures.empty(); }
    bool operator()(const Document::Notices& n) const { return n.notices.empty(); }
    bool operator()(const Document::Table& t) const { return t.columns.empty(); }
    bool operator()(const Document::Charts& c) const { return c.charts.empty(); }
  };
  return std::visit(Visitor{}, block);
}

inline bool says_nothing(const Document::Section& section) {
  return std::all_of(section.blocks.begin(), section.blocks.end(),
                     [](const Document::Block& block) { return says_nothing(block); });
}

// The cell of that column; a row may have fewer cells than the table has columns.
inline const Document::Cell& cell_of(const Document::Row& row, std::size_t column) {
  static const Document::Cell kEmpty;
  return column < row.cells.size() ? row.cells[column] : kEmpty;
}

// What a cell says in words: of a bar without any, its percentage.
inline std::string words_of(const Document::Table& table, const Document::Row& row, std::size_t column) {
  const Document::Cell& cell = cell_of(row, column);
  const bool bar = table.columns[column].kind == Document::Column::Kind::kBar;
  return bar && cell.text.empty() && column < row.cells.size() ? share_text(cell.share) : cell.text;
}

}  // namespace tacos::plan
