#include "tacos-plan/command/stored_text.h"

#include <filesystem>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tacos::plan {
namespace {

using testing::HasSubstr;

class StoredText : public testing::Test {
 protected:
  StoredText() : folder_(testing::TempDir() + "/stored_text_" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~StoredText() override { std::filesystem::remove_all(folder_); }

  const std::string folder_;
};

TEST_F(StoredText, IsReadBackByteForByte) {
  const std::string file = folder_ + "/a", text("one\r\ntwo\0three", 14);
  ASSERT_TRUE(store_text(file, text).has_value());
  EXPECT_EQ(stored_text(file, "--inputs").value(), text);
}

TEST_F(StoredText, TakesThePlaceOfWhatWasThereAndLeavesNothingBeside) {
  const std::string file = folder_ + "/a";
  ASSERT_TRUE(store_text(file, "a longer first text").has_value());
  ASSERT_TRUE(store_text(file, "second").has_value());
  EXPECT_EQ(stored_text(file, "").value(), "second");
  const auto entries = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST_F(StoredText, SaysWhyItCanNotBeWritten) {
  EXPECT_THAT(store_text(folder_ + "/none/a", "text").error().message, HasSubstr("No such file"));
  EXPECT_THAT(store_text("/dev/full", "text").error().message, HasSubstr("No space left"));
  EXPECT_FALSE(store_text(folder_, "text").has_value());
}

TEST_F(StoredText, SaysWhatCanNotBeRead) {
  EXPECT_THAT(stored_text(folder_, "--inputs").error().message, HasSubstr("--inputs: " + folder_ + " is a directory"));
  EXPECT_THAT(stored_text(folder_ + "/none", "--inputs").error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace tacos::plan
