#include "redis/redis_reply.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <hiredis/read.h>
#include <new>

#include <fmt/format.h>

namespace tacos::redis {
namespace {

ReplyArena& arena_of(const redisReadTask* task) {
  return *static_cast<ReplyArena*>(task->privdata);
}

RedisReply* place_of(const redisReadTask* task) {
  auto* const parent = task->parent == nullptr ? nullptr : static_cast<RedisReply*>(task->parent->obj);
  return arena_of(task).place(parent, static_cast<std::size_t>(task->idx));
}

void* create_string(const redisReadTask* task, char* text, size_t size) {
  RedisReply* const at = place_of(task);
  const RedisReply::Type type = task->type == REDIS_REPLY_ERROR    ? RedisReply::Type::kError
                                : task->type == REDIS_REPLY_STATUS ? RedisReply::Type::kStatus
                                                                   : RedisReply::Type::kString;
  return arena_of(task).put_text(*at, type, {text, size}) ? at : nullptr;
}

void* create_array(const redisReadTask* task, int size) {
  RedisReply* const at = place_of(task);
  return arena_of(task).put_array(*at, static_cast<std::size_t>(size)) ? at : nullptr;
}

void* create_integer(const redisReadTask* task, long long value) {
  RedisReply* const at = place_of(task);
  arena_of(task).put_integer(*at, value);
  return at;
}

void* create_nil(const redisReadTask* task) {
  RedisReply* const at = place_of(task);
  arena_of(task).put_nil(*at);
  return at;
}

// The arena forgets a whole reply at once.
void free_object(void*) {}

redisReplyObjectFunctions* object_functions() {
  // The parser wants a pointer to what it never changes.
  static redisReplyObjectFunctions functions{create_string, create_array, create_integer, create_nil, free_object};
  return &functions;
}

}  // namespace

const RedisReply& RedisReply::at(std::size_t index) const {
  static const RedisReply nil;
  return index < size_ ? elements_[index] : nil;
}

std::optional<std::int64_t> RedisReply::as_integer() const {
  if (type_ == Type::kInteger) return integer_;
  if (type_ != Type::kString && type_ != Type::kStatus) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
  if (error != std::errc() || end != text_.data() + text_.size()) return std::nullopt;
  return value;
}

bool RedisReply::is_error(std::string_view code) const {
  return type_ == Type::kError && text_.starts_with(code) && (text_.size() == code.size() || text_[code.size()] == ' ');
}

template <class T>
T* ReplyArena::Blocks<T>::take(std::size_t count, std::size_t usual_size) {
  while (current < blocks.size() && blocks[current].size - used < count) {
    ++current;
    used = 0;
  }
  if (current == blocks.size()) {
    const std::size_t size = std::max(count, usual_size);
    blocks.push_back({std::make_unique<T[]>(size), size});
  }
  T* const taken = blocks[current].items.get() + used;
  used += count;
  return taken;
}

template <class T>
void ReplyArena::Blocks<T>::reset(std::size_t most_kept) {
  if (current > 0) {
    std::size_t kept = 0;
    std::erase_if(blocks, [&](const Block& block) { return (kept += block.size * sizeof(T)) > most_kept; });
  } else if (!blocks.empty() && blocks.front().size * sizeof(T) > most_kept) {
    blocks.clear();
  }
  current = 0;
  used = 0;
}

void ReplyArena::reset() {
  root_ = RedisReply();
  texts_.reset(kKeptBytes);
  elements_.reset(kKeptBytes);
  text_bytes_ = 0;
  element_count_ = 0;
}

RedisReply* ReplyArena::place(RedisReply* parent, std::size_t index) {
  return parent == nullptr ? &root_ : parent->elements_ + index;
}

void ReplyArena::put_nil(RedisReply& at) {
  at = RedisReply();
}

void ReplyArena::put_integer(RedisReply& at, std::int64_t value) {
  at = RedisReply();
  at.type_ = RedisReply::Type::kInteger;
  at.integer_ = value;
}

bool ReplyArena::put_text(RedisReply& at, RedisReply::Type type, std::string_view text) {
  at = RedisReply();
  if (text.size() > limits_.max_bytes - text_bytes_) return false;
  text_bytes_ += text.size();
  at.type_ = type;
  if (text.empty()) return true;
  char* const room = texts_.take(text.size(), kTextBlock);
  std::memcpy(room, text.data(), text.size());
  at.text_ = {room, text.size()};
  return true;
}

bool ReplyArena::put_array(RedisReply& at, std::size_t size) {
  at = RedisReply();
  if (size > limits_.max_elements - element_count_) return false;
  element_count_ += size;
  at.type_ = RedisReply::Type::kArray;
  at.size_ = size;
  if (size == 0) return true;
  at.elements_ = elements_.take(size, kElementBlock);
  std::fill_n(at.elements_, size, RedisReply());
  return true;
}

const RedisReply* ReplyArena::keep(const RedisReply& other) {
  RedisReply& kept = *elements_.take(1, kElementBlock);
  return copy(other, kept) ? &kept : nullptr;
}

// As deep as the parser nests.
bool ReplyArena::copy(const RedisReply& from, RedisReply& to) {
  if (from.type_ == RedisReply::Type::kArray) {
    if (!put_array(to, from.size_)) return false;
    for (std::size_t at = 0; at < from.size_; ++at) {
      if (!copy(from.elements_[at], to.elements_[at])) return false;
    }
    return true;
  }
  if (from.type_ == RedisReply::Type::kNil || from.type_ == RedisReply::Type::kInteger) {
    to = from;
    return true;
  }
  return put_text(to, from.type_, from.text_);
}

void RedisReplyReader::Free::operator()(redisReader* reader) const {
  ::redisReaderFree(reader);
}

RedisReplyReader::RedisReplyReader(RedisReplyLimits limits)
    : limits_(limits), arena_(limits), reader_(::redisReaderCreateWithFunctions(object_functions())) {
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = &arena_;
}

RedisReplyReader::~RedisReplyReader() = default;

void RedisReplyReader::feed(std::string_view bytes) {
  if (!bytes.empty()) ::redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

RedisReplyReader::Status RedisReplyReader::next() {
  if (!fault_.empty()) return Status::kBroken;
  if (between_replies_) arena_.reset();
  between_replies_ = false;
  void* reply = nullptr;
  if (::redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    if (reader_->err == REDIS_ERR_OOM) {
      return broken(fmt::format("a reply is beyond {} bytes or {} elements", limits_.max_bytes, limits_.max_elements));
    }
    return broken(reader_->errstr);
  }
  if (reply != nullptr) {
    between_replies_ = true;
    return Status::kReply;
  }
  // A text is only handed over when all of it is here.
  if (arena_.text_bytes() + (reader_->len - reader_->pos) > limits_.max_bytes) {
    return broken(fmt::format("a reply is beyond {} bytes", limits_.max_bytes));
  }
  return Status::kNeedMore;
}

RedisReplyReader::Status RedisReplyReader::broken(std::string fault) {
  fault_ = fault.empty() ? "it is no RESP" : std::move(fault);
  return Status::kBroken;
}

}  // namespace tacos::redis
