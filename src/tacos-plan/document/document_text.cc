#include "tacos-plan/document/document_text.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text_columns.h"
#include "tacos-plan/document/document_parts.h"
#include "tacos-plan/document/ink.h"
#include "tacos-plan/document/terminal_chart.h"
#include "tacos-plan/document/terminal_table.h"

namespace tacos::plan {
namespace {

using core::columns_of;
using Tone = Document::Tone;
using Weight = Ink::Weight;

constexpr std::size_t kNarrowest = 20;
constexpr std::size_t kWidestProse = 100;  // longer lines lose the eye on its way back
constexpr std::size_t kIndent = 2;
constexpr std::size_t kLeastFigure = 20;  // columns
constexpr std::size_t kMostFigure = 36;

std::string blanks(std::size_t columns) {
  return std::string(columns, ' ');
}

class Writer {
 public:
  explicit Writer(const TextOptions& options)
      : options_(options), width_(std::max(options.width, kNarrowest)), ink_(options.colour, options.unicode) {}

  std::string text(const Document& document) {
    head(document);
    std::string left_out;
    for (const auto& section : document.sections) {
      if (says_nothing(section)) continue;
      if (section.detail && !options_.details) {
        left_out += (left_out.empty() ? "" : ", ") + section.title;
      } else {
        add(section);
      }
    }
    if (!left_out.empty()) closing("Details left out: " + left_out + ".");
    if (!document.origin.empty()) closing(document.origin);
    return std::move(out_);
  }

 private:
  void line(std::string text) { out_ += without_end_blanks(std::move(text)) + "\n"; }

  // The text after a heading of its own; the lines that follow stand below its first word.
  void hanging(std::string_view heading, std::size_t indent, std::string_view text, Tone tone,
               Weight weight = Weight::kNormal) {
    std::string front(heading);
    const std::size_t room = std::min(width_, kWidestProse) - indent;
    for (const auto& part : wrapped(ink_.clean(text), room)) {
      line(front + ink_.paint(part, tone, weight));
      front = blanks(indent);
    }
  }

  void closing(std::string_view text) {
    line("");
    hanging("", 0, text, Tone::kPlain, Weight::kFaint);
  }

  void head(const Document& d) {
    if (!d.title.empty()) hanging("", 0, d.title, Tone::kPlain, Weight::kStrong);
    if (!d.headline.empty()) {
      line("");
      const std::string mark(ink_.mark(d.tone));
      const std::string front = mark.empty() ? "" : ink_.paint(mark + " ", d.tone, Weight::kStrong);
      hanging(front, mark.empty() ? 0 : columns_of(mark) + 1, d.headline, d.tone, Weight::kStrong);
    }
    for (const auto& reason : d.reasons) hanging("  - ", 4, reason, Tone::kPlain);
  }

  void add(const Document::Section& section) {
    line("");
    const std::string title = ink_.clean(section.title);
    const std::size_t used = columns_of(title);
    const std::size_t end = std::min(width_, kWidestProse);
    if (title.empty()) {
      // The figures that stand for the whole follow the headline at once.
    } else if (used + 4 <= end) {
      line(ink_.strong(title) + " " + ink_.rule(end - used - 1));
    } else {
      hanging("", 0, title, Tone::kPlain, Weight::kStrong);
    }
    bool first = true;
    for (const auto& block : section.blocks) {
      if (says_nothing(block)) continue;
      if (!std::exchange(first, false)) line("");
      std::visit([&](const auto& b) { add(b); }, block);
    }
  }

  void add(const Document::Paragraph& p) {
    hanging(blanks(kIndent), kIndent, p.text, Tone::kPlain, p.soft ? Weight::kFaint : Weight::kNormal);
  }

  void add(const Document::Notices& n) {
    std::size_t widest = 0;
    for (const auto& notice : n.notices) widest = std::max(widest, columns_of(ink_.clean(notice.code)));
    // Texts below each other where there is room for them, else below their codes.
    const bool aligned = widest + 45 <= std::min(width_, kWidestProse);
    const std::size_t mark_room = ink_.unicode() ? 2 : 3;
    for (const auto& notice : n.notices) {
      const std::string mark(notice.tone == Tone::kPlain ? "-" : ink_.mark(notice.tone));
      const std::string code = ink_.clean(notice.code);
      const std::string front =
          blanks(kIndent) + ink_.paint(mark, notice.tone, Weight::kStrong) + blanks(mark_room - columns_of(mark));
      const std::size_t start = kIndent + mark_room;
      if (code.empty()) {
        hanging(front, start, notice.text, Tone::kPlain);
      } else if (aligned) {
        hanging(front + ink_.paint(code, notice.tone, Weight::kStrong) + blanks(widest - columns_of(code) + 2),
                start + widest + 2, notice.text, Tone::kPlain);
      } else {
        hanging(front, start, code, notice.tone, Weight::kStrong);
        hanging(blanks(start), start, notice.text, Tone::kPlain);
      }
    }
  }

  void add(const Document::Figures& f) {
    const std::size_t room = width_ - kIndent, count = f.figures.size();
    const std::size_t most = std::max<std::size_t>(1, (room + 2) / (kLeastFigure + 2));
    const std::size_t rows = (count + most - 1) / most;
    const std::size_t across = (count + rows - 1) / rows;  // as even as can be
    const std::size_t cell = std::min(kMostFigure, (room + 2) / across - 2);
    for (std::size_t first = 0; first < count; first += across) {
      if (first > 0) line("");
      std::vector<std::vector<std::string>> cells;
      std::size_t height = 0;
      for (std::size_t i = first; i < std::min(count, first + across); ++i) {
        cells.push_back(figure_lines(f.figures[i], cell));
        height = std::max(height, cells.back().size());
      }
      for (std::size_t at = 0; at < height; ++at) {
        std::string joined = blanks(kIndent);
        for (std::size_t c = 0; c < cells.size(); ++c) {
          joined += blanks(c == 0 ? 0 : 2) + (at < cells[c].size() ? cells[c][at] : blanks(cell));
        }
        line(std::move(joined));
      }
    }
  }

  // Each line filled up to the width of the cell.
  std::vector<std::string> figure_lines(const Document::Figure& figure, std::size_t width) const {
    std::vector<std::string> lines;
    const auto put = [&](std::string_view text, Weight weight) {
      if (text.empty()) return;
      for (const auto& part : wrapped(ink_.clean(text), width)) {
        lines.push_back(ink_.paint(part, Tone::kPlain, weight) + blanks(width - columns_of(part)));
      }
    };
    put(figure.value, Weight::kStrong);
    put(figure.name, Weight::kNormal);
    put(figure.note, Weight::kFaint);
    return lines;
  }

  void add(const Document::Table& table) {
    for (auto& text : TerminalTable(table, ink_).lines(width_ - kIndent)) line(blanks(kIndent) + text);
  }

  void add(const Document::Charts& c) {
    for (std::size_t i = 0; i < c.charts.size(); ++i) {
      if (i > 0) line("");
      for (auto& text : terminal_chart(c.charts[i], ink_, width_ - kIndent)) line(blanks(kIndent) + text);
    }
  }

  TextOptions options_;
  std::size_t width_;
  Ink ink_;
  std::string out_;
};

}  // namespace

std::string document_text(const Document& document, const TextOptions& options) {
  return Writer(options).text(document);
}

}  // namespace tacos::plan
