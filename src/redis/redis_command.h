#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tacos::redis {

// Writes one command, as RESP, at the end of a buffer that somebody owns and uses again: nothing is allocated once the
// buffer has grown to what its commands need.
//
//   request.command.clear();
//   RedisCommand(request.command, 3).arg("ZRANK").arg(key).arg(number);
//
// As many arguments must follow as were announced, the command's own name among them.
class RedisCommand {
 public:
  RedisCommand(std::string& buffer, std::size_t arguments);

  RedisCommand& arg(std::string_view text);
  RedisCommand& arg(const char* text) { return arg(std::string_view(text)); }
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) RedisCommand& arg(T number) {
    if constexpr (std::is_signed_v<T>) {
      return signed_arg(number);
    } else {
      return unsigned_arg(number);
    }
  }
  // The shortest text that reads back as the same double.
  RedisCommand& arg(double number);

 private:
  RedisCommand& signed_arg(std::int64_t number);
  RedisCommand& unsigned_arg(std::uint64_t number);

  std::string* buffer_;
};

// A whole command of texts; for what is written once.
template <class... Arguments>
void append_command(std::string& buffer, const Arguments&... arguments) {
  RedisCommand command(buffer, sizeof...(arguments));
  (command.arg(arguments), ...);
}

}  // namespace tacos::redis
