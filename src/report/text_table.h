#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/text_columns.h"

namespace tacos::report {

// A table for a terminal: the first column is a name, the rest are numbers or words set to the right. On a screen too
// narrow for all its columns it leaves out those that are easiest spared.
class TextTable {
 public:
  static constexpr int kKept = 0;
  struct Column {
    std::string title;
    std::size_t width = 0;  // a blank before the text included, as far as its usual values go
    int spare = kKept;      // the highest goes first; kKept stays
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  // Title line and rows, each after two blanks and at most that wide.
  std::string text(std::size_t width) const {
    const std::vector<std::size_t> shown = columns_within(width);
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    std::string text = line(titles, shown, width);
    for (const auto& row : rows_) text += line(row, shown, width);
    return text;
  }

 private:
  std::vector<std::size_t> columns_within(std::size_t width) const {
    std::vector<std::size_t> shown;
    std::size_t used = 2;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      shown.push_back(c);
      used += columns_[c].width;
    }
    while (used > width) {
      const auto spare = std::max_element(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
        return columns_[a].spare < columns_[b].spare;
      });
      if (columns_[*spare].spare == kKept) break;
      used -= columns_[*spare].width;
      shown.erase(spare);
    }
    return shown;
  }

  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& shown,
                   std::size_t width) const {
    std::string line = "  ";
    for (const std::size_t c : shown) {
      const std::size_t room = columns_[c].width;
      if (c == 0) {
        const std::string name = core::cut_to_columns(cells[c], room - 1);
        line += name + std::string(room - core::columns_of(name), ' ');
      } else {
        const std::size_t used = core::columns_of(cells[c]);
        line += std::string(used < room ? room - used : 1, ' ') + cells[c];
      }
    }
    return core::cut_to_columns(line, width) + "\n";
  }

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tacos::report
