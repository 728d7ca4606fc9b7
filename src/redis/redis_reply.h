#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace tacos::redis {

// One reply of a Redis (RESP2), as a view: text and elements live in the reader that made it, until its next reply.
class RedisReply {
 public:
  enum class Type : std::uint8_t { kNil, kInteger, kStatus, kError, kString, kArray };

  Type type() const { return type_; }
  bool is_nil() const { return type_ == Type::kNil; }
  bool is_error() const { return type_ == Type::kError; }
  bool is_array() const { return type_ == Type::kArray; }
  // Of an integer; else 0.
  std::int64_t integer() const { return integer_; }
  // Of a status, an error (its code first: "MOVED 3999 127.0.0.1:6381") or a string; else empty.
  std::string_view text() const { return text_; }
  // Of an array; else empty.
  std::span<const RedisReply> elements() const { return {elements_, size_}; }
  // The same, and nil for an element that is not there: what a script answers has as many elements as it pleases.
  const RedisReply& at(std::size_t index) const;

  // An integer, or the text of one, which is how scripts hand on what a hash holds.
  std::optional<std::int64_t> as_integer() const;
  // Whether this is an error of the given code: its first word.
  bool is_error(std::string_view code) const;

 private:
  friend class ReplyArena;

  Type type_ = Type::kNil;
  std::size_t size_ = 0;
  std::int64_t integer_ = 0;
  std::string_view text_;
  RedisReply* elements_ = nullptr;
};

// What a reply may be; a server that goes beyond is not spoken to any longer. Nesting ends at 7, which is the parser's.
struct RedisReplyLimits {
  std::size_t max_bytes = 16 * 1024 * 1024;  // of all its texts together, and of any text not yet complete
  std::size_t max_elements = 256 * 1024;     // of all its arrays together
};

// Where the texts and elements of one reply live. Blocks never move while the reply grows, and are used again for the
// next one, so that replies cost no allocation once the largest has been seen.
class ReplyArena {
 public:
  explicit ReplyArena(RedisReplyLimits limits) : limits_(limits) {}

  // Forgets the reply, keeps up to kKeptBytes.
  void reset();
  // The place for a value: the root, or an element of an array already put.
  RedisReply* place(RedisReply* parent, std::size_t index);
  void put_nil(RedisReply& at);
  void put_integer(RedisReply& at, std::int64_t value);
  bool put_text(RedisReply& at, RedisReply::Type type, std::string_view text);  // false: beyond the limit
  bool put_array(RedisReply& at, std::size_t size);                             // false: beyond the limit
  // A copy of another arena's reply, beside what is here already; null: beyond the limit.
  const RedisReply* keep(const RedisReply& other);

  const RedisReply& root() const { return root_; }
  std::size_t text_bytes() const { return text_bytes_; }

 private:
  bool copy(const RedisReply& from, RedisReply& to);

  static constexpr std::size_t kTextBlock = 16 * 1024;
  static constexpr std::size_t kElementBlock = 256;
  static constexpr std::size_t kKeptBytes = 1024 * 1024;

  // Blocks in use in order; a value goes into the current one or the next with room.
  template <class T>
  struct Blocks {
    struct Block {
      std::unique_ptr<T[]> items;
      std::size_t size = 0;
    };
    T* take(std::size_t count, std::size_t usual_size);
    void reset(std::size_t most_kept);

    std::vector<Block> blocks;
    std::size_t current = 0;
    std::size_t used = 0;  // of the current block
  };

  const RedisReplyLimits limits_;
  RedisReply root_;
  Blocks<char> texts_;
  Blocks<RedisReply> elements_;
  std::size_t text_bytes_ = 0;
  std::size_t element_count_ = 0;
};

// Takes what a server sends in pieces of any size and gives its replies one by one. Wraps hiredis's parser. Not thread
// safe.
class RedisReplyReader {
 public:
  enum class Status : std::uint8_t { kReply, kNeedMore, kBroken };

  explicit RedisReplyReader(RedisReplyLimits limits = {});
  ~RedisReplyReader();
  RedisReplyReader(const RedisReplyReader&) = delete;
  RedisReplyReader& operator=(const RedisReplyReader&) = delete;

  // Copies the bytes. Pieces of a few KB are cheapest; between two pieces, call next() until it needs more.
  void feed(std::string_view bytes);
  // With kReply, reply() is the next one and the one before is gone. After kBroken nothing is readable any more.
  Status next();
  const RedisReply& reply() const { return arena_.root(); }
  // After kBroken: what was wrong with the bytes.
  const std::string& fault() const { return fault_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  Status broken(std::string fault);

  const RedisReplyLimits limits_;
  ReplyArena arena_;
  std::unique_ptr<redisReader, Free> reader_;
  std::string fault_;
  bool between_replies_ = true;
};

}  // namespace tacos::redis
