#include "report/terminal_traits.h"

#include <gtest/gtest.h>

namespace tacos::report {
namespace {

TEST(Locale, TheFirstVariableThatSaysAnythingDecides) {
  EXPECT_TRUE(prints_utf8(nullptr, nullptr, "C.UTF-8"));
  EXPECT_TRUE(prints_utf8("", "de_DE.utf8", "C"));
  EXPECT_FALSE(prints_utf8("C", "de_DE.utf8", "C.UTF-8"));
  EXPECT_FALSE(prints_utf8(nullptr, nullptr, nullptr));
}

}  // namespace
}  // namespace tacos::report
