#include "tacos-plan/document/terminal_table.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "core/text_columns.h"
#include "tacos-plan/document/document_parts.h"

namespace tacos::plan {
namespace {

using core::columns_of;
using Kind = Document::Column::Kind;
using Tone = Document::Tone;
using Lines = std::vector<std::string>;

constexpr std::size_t kGap = 2;
constexpr std::size_t kLongBar = 20;
constexpr std::size_t kShortBar = 8;
constexpr std::size_t kPleasantWords = 24;  // a column of words is read with ease from here on
constexpr std::size_t kLeastWords = 12;

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    longest = std::max(longest, columns_of(text.substr(0, end)));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return longest;
}

std::string blanks(std::size_t columns) {
  return std::string(columns, ' ');
}

std::string left(std::string_view text, std::size_t width) {
  return std::string(text) + blanks(width - std::min(width, columns_of(text)));
}

// Cells of several lines beside each other; a cell that has fewer is filled up, above or below.
template <class Widths>
void put_beside(const std::vector<Lines>& cells, const Widths& shown, bool fill_above, Lines& out) {
  std::size_t height = 0;
  for (const Lines& cell : cells) height = std::max(height, cell.size());
  for (std::size_t at = 0; at < height; ++at) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::size_t missing = fill_above ? height - cells[c].size() : 0;
      const bool there = at >= missing && at - missing < cells[c].size();
      line += blanks(c == 0 ? 0 : kGap) + (there ? cells[c][at - missing] : blanks(shown[c].width));
    }
    out.push_back(without_end_blanks(std::move(line)));
  }
}

}  // namespace

TerminalTable::TerminalTable(const Document::Table& table, const Ink& ink) : table_(table), ink_(ink) {
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    Measure m;
    m.title = ink_.clean(table_.columns[c].title);
    std::size_t words = 0;
    for (const auto& row : table_.rows) {
      words = std::max(words, columns_of(text_of(row, c)));
      const std::string_view mark = ink_.mark(cell_of(row, c).tone);
      if (!mark.empty()) m.mark = std::max(m.mark, columns_of(mark) + 1);
    }
    const std::size_t title = columns_of(m.title), title_word = longest_word(m.title);
    if (kind(c) == Kind::kBar) {
      m.label = words;
      const std::size_t rest = 1 + words + m.mark;
      m.natural = std::max(title, kLongBar + rest);
      m.pleasant = m.least = std::max(title_word, kShortBar + rest);
    } else {
      m.natural = std::max(title, words + m.mark);
      const bool number = kind(c) == Kind::kNumber;
      m.pleasant = number ? std::max(title_word, words + m.mark) : std::min(m.natural, kPleasantWords);
      m.least = number ? m.pleasant : std::min(m.natural, kLeastWords);
    }
    measures_.push_back(std::move(m));
  }
}

std::string TerminalTable::text_of(const Document::Row& row, std::size_t column) const {
  return ink_.clean(words_of(table_, row, column));
}

// Empty when even the columns that stay are too wide together.
std::vector<TerminalTable::Shown> TerminalTable::shown_within(std::size_t width) const {
  std::vector<std::size_t> kept(measures_.size());
  std::iota(kept.begin(), kept.end(), 0u);
  const auto sum = [&](std::size_t Measure::*of) {
    std::size_t columns = kGap * (kept.size() - 1);
    for (const std::size_t c : kept) columns += measures_[c].*of;
    return columns;
  };
  std::size_t Measure::*floor = &Measure::pleasant;
  while (sum(floor) > width) {
    const auto spare = std::max_element(kept.begin(), kept.end(), [&](std::size_t a, std::size_t b) {
      return table_.columns[a].spare < table_.columns[b].spare;
    });
    if (table_.columns[*spare].spare > 0 && kept.size() > 1) {
      kept.erase(spare);
    } else if (floor == &Measure::pleasant) {
      floor = &Measure::least;
    } else {
      return {};
    }
  }
  std::vector<Shown> shown;
  for (const std::size_t c : kept) shown.push_back({c, measures_[c].natural});
  // The widest that can still give way does.
  for (std::size_t used = sum(&Measure::natural); used > width; --used) {
    const auto room = [&](const Shown& s) { return s.width > measures_[s.column].*floor ? s.width : 0; };
    --std::max_element(shown.begin(), shown.end(), [&](const Shown& a, const Shown& b) {
        return room(a) < room(b);
      })->width;
  }
  return shown;
}

TerminalTable::Lines TerminalTable::title_lines(const Shown& shown) const {
  const Measure& m = measures_[shown.column];
  Lines out;
  for (const std::string& line : wrapped(m.title, shown.width)) {
    // Above the digits, not above the marks behind them.
    const std::size_t digits = std::max(columns_of(line), shown.width - std::min(shown.width, m.mark));
    const bool number = kind(shown.column) == Kind::kNumber;
    const std::string before = blanks(number ? digits - columns_of(line) : 0);
    out.push_back(before + ink_.strong(line) + blanks(shown.width - columns_of(before) - columns_of(line)));
  }
  return out;
}

TerminalTable::Lines TerminalTable::cell_lines(const Document::Row& row, const Shown& shown) const {
  const Measure& m = measures_[shown.column];
  const Document::Cell& cell = cell_of(row, shown.column);
  const std::string text = text_of(row, shown.column);
  const auto weight = row.total ? Ink::Weight::kStrong : Ink::Weight::kNormal;
  const auto paint = [&](std::string_view words) { return ink_.paint(words, cell.tone, weight); };
  const std::string_view sign = ink_.mark(cell.tone);
  if (kind(shown.column) == Kind::kText) {
    Lines out;
    for (const std::string& line : wrapped(text, shown.width - m.mark)) {
      const std::string mark = m.mark == 0 ? "" : left(out.empty() ? sign : "", m.mark);
      out.push_back(paint(mark + line) + blanks(shown.width - m.mark - columns_of(line)));
    }
    return out;
  }
  const std::string words = sign.empty() ? text : text + " " + std::string(sign);
  const std::size_t after = m.mark - (sign.empty() ? 0 : columns_of(sign) + 1);
  if (kind(shown.column) == Kind::kNumber) {
    return {blanks(shown.width - after - columns_of(words)) + paint(words) + blanks(after)};
  }
  if (shown.column >= row.cells.size()) return {blanks(shown.width)};
  const std::size_t bar = std::min(kLongBar, shown.width - 1 - m.label - m.mark);
  const std::string before = blanks(1 + m.label - columns_of(text));
  return {ink_.bar(cell.share, bar, cell.tone) + before + paint(words) +
          blanks(shown.width - bar - 1 - m.label - m.mark + after)};
}

// Each row on lines of its own: its name, then a line for each of its other cells.
TerminalTable::Lines TerminalTable::list(std::size_t width) const {
  Lines out;
  for (const auto& row : table_.rows) {
    for (const auto& line : wrapped(text_of(row, 0), width)) out.push_back(ink_.strong(line));
    for (std::size_t c = 1; c < measures_.size(); ++c) {
      const Document::Cell& cell = cell_of(row, c);
      const std::string text = text_of(row, c);
      if (text.empty()) continue;
      const std::string_view sign = ink_.mark(cell.tone);
      const std::string title = measures_[c].title.empty() ? "" : measures_[c].title + ": ";
      const std::string words = title + text + (sign.empty() ? "" : " " + std::string(sign));
      for (const auto& line : wrapped(words, width - 2)) out.push_back("  " + ink_.paint(line, cell.tone));
    }
  }
  return out;
}

std::vector<std::string> TerminalTable::lines(std::size_t width) const {
  if (measures_.empty()) return {};
  const std::vector<Shown> shown = shown_within(width);
  if (shown.empty()) return table_.rows.empty() ? Lines{ink_.faint("none")} : list(width);
  std::size_t used = kGap * (shown.size() - 1);
  for (const Shown& s : shown) used += s.width;
  Lines out;
  const bool titled =
      std::any_of(shown.begin(), shown.end(), [&](const Shown& s) { return !measures_[s.column].title.empty(); });
  std::vector<Lines> cells;
  if (titled) {
    for (const Shown& s : shown) cells.push_back(title_lines(s));
    put_beside(cells, shown, true, out);
    out.push_back(ink_.rule(used));
  }
  if (table_.rows.empty()) out.push_back(ink_.faint("none"));
  for (std::size_t r = 0; r < table_.rows.size(); ++r) {
    const auto& row = table_.rows[r];
    if (row.total && r > 0 && !table_.rows[r - 1].total) out.push_back(ink_.rule(used));
    cells.clear();
    for (const Shown& s : shown) cells.push_back(cell_lines(row, s));
    put_beside(cells, shown, false, out);
  }
  return out;
}

}  // namespace tacos::plan
