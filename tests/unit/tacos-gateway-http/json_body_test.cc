#include "tacos-gateway/http/json_body.h"

#include <string>

#include <gtest/gtest.h>

#include "tacos-gateway/http/json_text.h"

namespace tacos::gateway {
namespace {

using Found = JsonBody::Found;

TEST(JsonBody, ReadsTheFieldsOfAnObject) {
  JsonBody json(1024);
  ASSERT_TRUE(json.read(R"({"event_id":"sh\u00f6w","n":-7,"rate":1.5,"whole":2,"seats":[3,1],"nothing":null})"));
  std::string_view text;
  EXPECT_EQ(json.get_text("event_id", text), Found::kYes);
  EXPECT_EQ(text, "sh\xc3\xb6w");
  std::int64_t integer = 0;
  EXPECT_EQ(json.get_integer("n", integer), Found::kYes);
  EXPECT_EQ(integer, -7);
  double number = 0;
  EXPECT_EQ(json.get_number("rate", number), Found::kYes);
  EXPECT_EQ(number, 1.5);
  EXPECT_EQ(json.get_number("whole", number), Found::kYes);
  EXPECT_EQ(number, 2);
  std::vector<std::uint64_t> numbers;
  EXPECT_EQ(json.get_numbers("seats", numbers, 10), Found::kYes);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{3, 1}));
  EXPECT_EQ(json.get_text("nothing", text), Found::kAbsent);
  EXPECT_EQ(json.get_text("missing", text), Found::kAbsent);
}

TEST(JsonBody, TellsAWrongTypeFromAnAbsentField) {
  JsonBody json(1024);
  ASSERT_TRUE(json.read(R"({"a":1,"b":"x","c":[1,-1],"d":[1,2,3],"e":1.5})"));
  std::string_view text;
  std::int64_t integer = 0;
  double number = 0;
  std::vector<std::uint64_t> numbers;
  EXPECT_EQ(json.get_text("a", text), Found::kWrongType);
  EXPECT_EQ(json.get_integer("b", integer), Found::kWrongType);
  EXPECT_EQ(json.get_integer("e", integer), Found::kWrongType);
  EXPECT_EQ(json.get_number("b", number), Found::kWrongType);
  EXPECT_EQ(json.get_numbers("a", numbers, 10), Found::kWrongType);
  EXPECT_EQ(json.get_numbers("c", numbers, 10), Found::kWrongType);
  EXPECT_EQ(json.get_numbers("d", numbers, 2), Found::kWrongType);
}

TEST(JsonBody, IsStrict) {
  JsonBody json(64 * 1024);
  for (const std::string& body :
       {std::string(R"({"a":1)"), std::string(R"({"a":1} {})"), std::string(R"({"a":01})"), std::string(R"({"a":1,})"),
        std::string(R"({a:1})"), std::string("[1]"), std::string("null"), std::string("\"text\""), std::string(" "),
        std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":\"\n\"}"), std::string(R"({"a":NaN})"),
        std::string(R"({"a":99999999999999999999})"), std::string("\0", 1),
        R"({"a":)" + std::string(100, '[') + std::string(100, ']') + "}"}) {
    EXPECT_FALSE(json.read(body)) << body.substr(0, 40);
  }
  EXPECT_TRUE(json.read(""));
  EXPECT_TRUE(json.read("{}"));
  EXPECT_FALSE(json.read(std::string(64 * 1024 + 1, ' ')));
}

TEST(JsonBody, ForgetsTheBodyBefore) {
  JsonBody json(1024);
  ASSERT_TRUE(json.read(R"({"a":"x"})"));
  ASSERT_TRUE(json.read(""));
  std::string_view text;
  EXPECT_EQ(json.get_text("a", text), Found::kAbsent);
  ASSERT_FALSE(json.read("nonsense"));
  EXPECT_EQ(json.get_text("a", text), Found::kAbsent);
}

TEST(AppendJsonEscaped, EscapesWhatMustBe) {
  fmt::memory_buffer out;
  append_json_escaped(out, std::string_view("a\"b\\c\n\x01\0d\xc3\xa9", 11));
  EXPECT_EQ(std::string(out.data(), out.size()), "a\\\"b\\\\c\\u000a\\u0001\\u0000d\xc3\xa9");
}

}  // namespace
}  // namespace tacos::gateway
