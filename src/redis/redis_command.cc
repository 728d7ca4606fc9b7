#include "redis/redis_command.h"

#include <charconv>

namespace tacos::redis {
namespace {

// Enough for any 64-bit number and any shortest double.
constexpr std::size_t kLongestNumber = 32;

void append_header(std::string& buffer, char type, std::size_t size) {
  char text[kLongestNumber];
  text[0] = type;
  char* end = std::to_chars(text + 1, text + sizeof text, size).ptr;
  *end++ = '\r';
  *end++ = '\n';
  buffer.append(text, end);
}

template <class Number>
void append_number(std::string& buffer, Number number) {
  char text[kLongestNumber];
  const char* const end = std::to_chars(text, text + sizeof text, number).ptr;
  const std::string_view digits(text, static_cast<std::size_t>(end - text));
  append_header(buffer, '$', digits.size());
  buffer.append(digits).append("\r\n");
}

}  // namespace

RedisCommand::RedisCommand(std::string& buffer, std::size_t arguments) : buffer_(&buffer) {
  append_header(buffer, '*', arguments);
}

RedisCommand& RedisCommand::arg(std::string_view text) {
  append_header(*buffer_, '$', text.size());
  buffer_->append(text).append("\r\n");
  return *this;
}

RedisCommand& RedisCommand::arg(double number) {
  append_number(*buffer_, number);
  return *this;
}

RedisCommand& RedisCommand::signed_arg(std::int64_t number) {
  append_number(*buffer_, number);
  return *this;
}

RedisCommand& RedisCommand::unsigned_arg(std::uint64_t number) {
  append_number(*buffer_, number);
  return *this;
}

}  // namespace tacos::redis
