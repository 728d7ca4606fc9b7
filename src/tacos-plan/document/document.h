#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "report/page/svg_chart.h"

namespace tacos::plan {

// What a command has to say, before it is text for a terminal, Markdown or a page. Every command of tacos-plan fills in
// one of these (and its own JSON); the renderers know nothing of plans. All texts are plain: the renderers escape them.
struct Document {
  enum class Tone : std::uint8_t { kPlain, kGood, kCaution, kBad };

  // A number that stands for the whole: "1,000/s", "admission rate", "chosen by the wait".
  struct Figure {
    std::string value;
    std::string name;
    std::string note{};
  };
  struct Figures {
    std::vector<Figure> figures;
  };

  struct Paragraph {
    std::string text;
    bool soft = false;  // of less importance: how to read what follows
  };

  // A remark with a code that programs and people can look up: "HOT_SLOT".
  struct Notice {
    Tone tone = Tone::kPlain;
    std::string code;
    std::string text;
  };
  struct Notices {
    std::vector<Notice> notices;
  };

  struct Column {
    enum class Kind : std::uint8_t { kText, kNumber, kBar };  // kBar: a share in [0, 1], drawn where that can be done
    std::string title{};
    Kind kind = Kind::kText;
    int spare = 0;  // on a screen too narrow, the highest is left out first; 0 stays
  };
  struct Cell {
    std::string text{};
    double share = 0;  // of kBar
    Tone tone = Tone::kPlain;

    Cell() = default;
    Cell(const char* words) : text(words) {}             // NOLINT(google-explicit-constructor): rows are lists of words
    Cell(std::string words) : text(std::move(words)) {}  // NOLINT(google-explicit-constructor)
    Cell(std::string words, Tone of) : text(std::move(words)), tone(of) {}
    static Cell bar(double part, Tone of = Tone::kPlain) {
      Cell cell;
      cell.share = part;
      cell.tone = of;
      return cell;
    }
  };
  // The first column names the row. A row of total is set apart.
  struct Row {
    std::vector<Cell> cells;
    bool total = false;
  };
  struct Table {
    std::vector<Column> columns;
    std::vector<Row> rows;
  };

  // Line charts. On a terminal a sparkline each.
  struct Charts {
    std::vector<report::Chart> charts;
  };

  using Block = std::variant<Paragraph, Figures, Notices, Table, Charts>;
  struct Section {
    std::string title;
    std::vector<Block> blocks{};
    bool detail = false;  // left out of text unless asked for, folded on a page
  };
  // One by one: out of an initializer list of variants GCC 12 warns of what is not there.
  template <class... Blocks>
  static Section section(std::string title, Blocks... blocks) {
    Section section{std::move(title)};
    section.blocks.reserve(sizeof...(blocks));
    (section.blocks.emplace_back(std::move(blocks)), ...);
    return section;
  }
  template <class... Blocks>
  static Section detail_section(std::string title, Blocks... blocks) {
    Section section = Document::section(std::move(title), std::move(blocks)...);
    section.detail = true;
    return section;
  }

  std::string program = "tacos-plan";
  std::string title;  // "300,000 users, 10,000 seats, everyone in within 5m"
  Tone tone = Tone::kPlain;
  std::string headline;  // the answer in one sentence
  std::vector<std::string> reasons{};
  std::vector<Section> sections{};
  std::string origin{};  // how it was made: command, version, dates of the price lists
};

}  // namespace tacos::plan
