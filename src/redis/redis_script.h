#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tacos::redis {

// A Lua script by the name that its SHA-1 is to a Redis.
struct RedisScript {
  std::string name;
  std::string text;
  std::string sha1;  // 40 lower-case hexadecimal digits, as EVALSHA takes it
  std::size_t index = 0;
};

// The scripts of a program, put together before the first link is opened and never changed after: links share it,
// load it into every server they connect to, and load a script again where a server has forgotten it.
class ScriptBook {
 public:
  // The script stays where it is as long as the book.
  const RedisScript& add(std::string name, std::string text);
  const RedisScript* find(std::string_view name) const;  // null: there is none
  std::size_t size() const { return scripts_.size(); }
  const RedisScript& operator[](std::size_t index) const { return *scripts_[index]; }

 private:
  std::vector<std::unique_ptr<RedisScript>> scripts_;
};

}  // namespace tacos::redis
