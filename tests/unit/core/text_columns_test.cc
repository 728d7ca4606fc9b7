#include "core/text_columns.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::core {
namespace {

using testing::ElementsAre;

TEST(ColumnsOf, CountsTwoForWideCharacters) {
  EXPECT_EQ(columns_of("abc"), 3u);
  EXPECT_EQ(columns_of("é–"), 2u);
  EXPECT_EQ(columns_of("대기열"), 6u);
}

TEST(CutToColumns, EndsInAnEllipsisAndStopsWhatSteersATerminal) {
  EXPECT_EQ(cut_to_columns("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_columns("대기열", 4), "대…");
  EXPECT_EQ(cut_to_columns("a\x1b[2J\x7f\xc2\x9b", 10), "a?[2J??");
}

TEST(WrapToColumns, BreaksBetweenWords) {
  EXPECT_THAT(wrap_to_columns("one two three", 8, 9), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap_to_columns("one two three four", 8, 2), ElementsAre("one two", "three f…"));
}

TEST(WrapToColumns, BreaksAWordThatIsLongerThanALineAndLosesNothing) {
  EXPECT_THAT(wrap_to_columns("abcdefghij kl", 4, 9), ElementsAre("abcd", "efgh", "ij", "kl"));
  EXPECT_THAT(wrap_to_columns("대기열입니다", 5, 9), ElementsAre("대기", "열입", "니다"));
  EXPECT_THAT(wrap_to_columns("abcdefghij", 4, 2), ElementsAre("abcd", "efg…"));
}

TEST(WrapToColumns, EndsEvenWhereNoCharacterFits) {
  EXPECT_THAT(wrap_to_columns("대기", 1, 9), ElementsAre("…", "…"));
}

}  // namespace
}  // namespace tacos::core
