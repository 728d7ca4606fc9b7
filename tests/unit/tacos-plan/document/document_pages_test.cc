#include <cmath>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_document.h"
#include "tacos-plan/document/document_html.h"
#include "tacos-plan/document/document_markdown.h"

namespace tacos::plan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = Document::Column::Kind;
using Tone = Document::Tone;

// The text wherever a document has one.
Document everywhere(const std::string& text) {
  Document d;
  d.program = d.title = d.headline = d.origin = text;
  d.reasons = {text};
  Document::Table table{{{text}, {text, Kind::kNumber}, {text, Kind::kBar}}, {{{text, text, text}}, {{text}, true}}};
  report::Chart chart{text, text};
  chart.series = {{text, {{0, 1}, {1, 2}}}, {text, {}}};
  const Document::Section section{text,
                                  {Document::Paragraph{text}, Document::Paragraph{text, true},
                                   Document::Notices{{{Tone::kBad, text, text}, {Tone::kPlain, "", text}}},
                                   Document::Figures{{{text, text, text}}}, table, Document::Charts{{chart}}}};
  d.sections = {section, section, section, section, section};
  d.sections.back().detail = true;
  return d;
}

Document with(Document::Block block) {
  Document d;
  d.title = "Title";
  d.sections.push_back({"Section", {std::move(block)}});
  return d;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST(DocumentHtml, NoTextBecomesMarkup) {
  const std::string html = document_html(everywhere("<script>alert('x')</script>\"><img src=x onerror=y>\x01&amp;"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("\x01")),
                          HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"), HasSubstr("&amp;amp;")));
  EXPECT_EQ(count_of(html, "\"><img"), 0u);
}

TEST(DocumentHtml, EverySectionHasAnIdOfItsOwnAndIsInTheContents) {
  const std::string html = document_html(everywhere("Über: 5 Köpfe"));
  for (const char* id : {"ber-5-k-pfe", "ber-5-k-pfe-2", "ber-5-k-pfe-5"}) {
    EXPECT_THAT(html,
                AllOf(HasSubstr(std::string(" id=\"") + id + "\""), HasSubstr(std::string("href=\"#") + id + "\"")));
  }
  EXPECT_THAT(document_html(with(Document::Paragraph{"p"})), Not(HasSubstr("<nav")));
}

TEST(DocumentPages, ASectionWithoutATitleHasNoHeading) {
  Document d = with(Document::Paragraph{"first"});
  d.sections.front().title.clear();
  for (const char* title : {"A", "B", "C"}) d.sections.push_back({title, {Document::Paragraph{"p"}}});
  EXPECT_THAT(document_html(d), AllOf(HasSubstr("<nav"), Not(HasSubstr("<h2></h2>")), Not(HasSubstr("></a>"))));
  EXPECT_THAT(document_markdown(d), AllOf(HasSubstr("## A\n"), Not(HasSubstr("## \n"))));
}

TEST(DocumentHtml, IsOneFileThatAsksForNothing) {
  const std::string html = document_html(sample_document());
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<link")), Not(HasSubstr("src=")),
                          Not(HasSubstr("http://")), Not(HasSubstr("https://")), Not(HasSubstr("@import"))));
}

TEST(DocumentHtml, OpensAndClosesTheSameElements) {
  const std::string html = document_html(sample_document());
  for (const char* element :
       {"main", "header", "section", "details", "summary", "nav", "ul",   "li",     "table",  "tr",  "td",
        "th",   "figure", "svg",     "div",     "p",       "h2",  "span", "footer", "strong", "code"}) {
    const std::regex opening(std::string("<") + element + "[ >]");
    const auto opened = std::distance(std::sregex_iterator(html.begin(), html.end(), opening), std::sregex_iterator());
    EXPECT_EQ(static_cast<std::size_t>(opened), count_of(html, std::string("</") + element + ">")) << element;
  }
}

TEST(DocumentHtml, TonesAreToldWithoutColour) {
  Document d = sample_document();
  const std::string html = document_html(d);
  EXPECT_THAT(html, AllOf(HasSubstr("class=\"verdict caution\"><strong><span class=\"sign\" role=\"img\" "
                                    "aria-label=\"caution\">!</span>"),
                          HasSubstr("93 %<span class=\"mark\" role=\"img\" aria-label=\"bad\">✗</span>"),
                          HasSubstr("chosen<span class=\"mark\" role=\"img\" aria-label=\"good\">✓</span>")));
}

TEST(DocumentHtml, ABarStaysOnItsTrackAndSaysItsNumber) {
  Document::Table table{{{"n"}, {"use", Kind::kBar}}, {}};
  for (const double share : {0.25, 7.0, -1.0, std::nan("")}) table.rows.push_back({{"x", Document::Cell::bar(share)}});
  const std::string html = document_html(with(table));
  EXPECT_THAT(html,
              AllOf(HasSubstr("width:25.0%\"></b></i><span>25 %"), HasSubstr("width:100.0%\"></b></i><span>700 %"),
                    HasSubstr("width:0.0%\"></b></i><span>-100 %"), HasSubstr("width:0.0%\"></b></i><span>–")));
}

TEST(DocumentHtml, DetailsAreFolded) {
  EXPECT_THAT(document_html(sample_document()),
              HasSubstr("<details id=\"formulas\"><summary><h2>Formulas</h2></summary>"));
}

TEST(DocumentHtml, SaysWhereThereIsNothing) {
  EXPECT_THAT(document_html(with(Document::Table{{{"what"}}, {}})), HasSubstr("<p class=\"soft\">none</p>"));
  EXPECT_THAT(document_html(with(Document::Charts{{report::Chart{"t"}}})), HasSubstr("class=\"none\""));
  EXPECT_THAT(document_html(with(Document::Notices{})), Not(HasSubstr("<h2>")));
}

TEST(DocumentHtml, ATotalIsSetApart) {
  const Document::Table table{{{"n"}, {"v", Kind::kNumber}}, {{{"a", "1"}}, {{"all", "1"}, true}}};
  EXPECT_THAT(document_html(with(table)),
              HasSubstr("<tr class=\"total\"><th scope=\"row\">all</th><td class=\"n\">1</td></tr>"));
}

TEST(DocumentMarkdown, NoTextBecomesMarkup) {
  const std::string text = document_markdown(everywhere("a|b <script>\n# c\n\n- `d` *e* [f](g) ~h~ \\|"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("<script>")), Not(HasSubstr("\n# c")), Not(HasSubstr("\n- `"))));
  for (const char unsafe : {'|', '`', '*', '[', ']', '~'}) {
    const std::string with_letter = std::string(1, unsafe);
    for (auto at = text.find(with_letter); at != std::string::npos; at = text.find(with_letter, at + 1)) {
      // Ours are at the edges of cells, of bold text and of the line between header and rows.
      const bool ours = unsafe == '|' || unsafe == '*';
      EXPECT_TRUE(ours || (at > 0 && text[at - 1] == '\\') || text.rfind("<summary>", at) > text.rfind('\n', at))
          << text.substr(at > 20 ? at - 20 : 0, 40);
    }
  }
}

TEST(DocumentMarkdown, EveryRowOfATableHasItsCellsWhateverIsInThem) {
  Document::Table table{{{"a|b"}, {"v", Kind::kNumber}, {"use", Kind::kBar}}, {}};
  table.rows = {{{"x|y\nz", "\\|", Document::Cell::bar(0.5)}}, {{"few"}}, {{"1", "2", "3", "too many"}}};
  const std::string text = document_markdown(with(table));
  EXPECT_THAT(
      text,
      HasSubstr("| a\\|b | v | use |\n|---|---:|---:|\n| x\\|y z | \\\\\\| | 50 % |\n| few |  |  |\n| 1 | 2 | 3 |\n"));
}

TEST(DocumentMarkdown, ATextIsNoListOrQuotationForItsFirstCharacter) {
  EXPECT_THAT(document_markdown(with(Document::Paragraph{"1. not a list"})), HasSubstr("\n1\\. not a list\n"));
  EXPECT_THAT(document_markdown(with(Document::Paragraph{"- nor this"})), HasSubstr("\n\\- nor this\n"));
  EXPECT_THAT(document_markdown(with(Document::Paragraph{"> nor that"})), HasSubstr("\n\\> nor that\n"));
  EXPECT_THAT(document_markdown(with(Document::Paragraph{"10,000 seats"})), HasSubstr("\n10,000 seats\n"));
}

TEST(DocumentMarkdown, HasTonesTotalsAndDetails) {
  const std::string text = document_markdown(sample_document());
  EXPECT_THAT(text, AllOf(HasSubstr("⚠️ **It holds"), HasSubstr("| CPU with one node lost | ❌ 93 % |"),
                          HasSubstr("| **together** |  |  | **$1,207** |"),
                          HasSubstr("\n<details><summary>Formulas</summary>\n\nLongest"),
                          HasSubstr("- ❌ **HOT\\_SLOT** Every command")));
}

TEST(DocumentMarkdown, NamesTheChartsThatThePageHas) {
  EXPECT_THAT(document_markdown(sample_document()),
              HasSubstr("The HTML page has charts here: People in the queue; Time to answer a poll."));
}

TEST(DocumentMarkdown, ASectionWithoutATitleHasNoHeading) {
  Document d = with(Document::Paragraph{"words"});
  d.sections.front().title.clear();
  EXPECT_THAT(document_markdown(d), AllOf(HasSubstr("words"), Not(HasSubstr("##"))));
}

TEST(DocumentMarkdown, SaysWhereThereIsNothing) {
  EXPECT_THAT(document_markdown(with(Document::Table{{{"what"}}, {}})), HasSubstr("<sub>none</sub>"));
  EXPECT_EQ(document_markdown(with(Document::Notices{})), "# Title\n");
}

}  // namespace
}  // namespace tacos::plan
