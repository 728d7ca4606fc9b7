#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tacos-plan/document/document.h"
#include "tacos-plan/document/ink.h"

namespace tacos::plan {

// One table of a document on a terminal. Columns are as wide as what is in them. Where that is too wide, words wrap and
// bars shrink, then the columns go that can be spared, and at last each row becomes a list: no number is ever cut.
class TerminalTable {
 public:
  // Both must outlive it.
  TerminalTable(const Document::Table& table, const Ink& ink);

  // Lines of at most that many columns.
  std::vector<std::string> lines(std::size_t width) const;

 private:
  struct Measure {
    std::string title{};
    std::size_t natural = 0;  // nothing wraps
    std::size_t pleasant = 0;
    std::size_t least = 0;
    std::size_t label = 0;  // of a bar: its words
    std::size_t mark = 0;   // a blank and the widest mark, where there are marks
  };
  struct Shown {
    std::size_t column = 0;
    std::size_t width = 0;
  };
  using Lines = std::vector<std::string>;

  std::vector<Shown> shown_within(std::size_t width) const;
  Lines title_lines(const Shown& shown) const;
  Lines cell_lines(const Document::Row& row, const Shown& shown) const;
  Lines list(std::size_t width) const;
  std::string text_of(const Document::Row& row, std::size_t column) const;
  Document::Column::Kind kind(std::size_t column) const { return table_.columns[column].kind; }

  const Document::Table& table_;
  const Ink& ink_;
  std::vector<Measure> measures_;
};

}  // namespace tacos::plan
