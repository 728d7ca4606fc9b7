// Whatever a server sends, in pieces of any size: it is replies, the beginning of one, or refused, and a reply keeps
// its limits. The first byte chooses the sizes of the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/random.h"
#include "redis/redis_reply.h"
#include "redis/redis_slots.h"

namespace {

using tacos::redis::RedisAddress;
using tacos::redis::RedisReply;
using tacos::redis::RedisReplyLimits;
using tacos::redis::RedisReplyReader;

constexpr RedisReplyLimits kLimits{.max_bytes = 4096, .max_elements = 256};
constexpr unsigned kDeepest = 8;

struct Walked {
  std::size_t bytes = 0;
  std::size_t elements = 0;
  unsigned sum = 0;  // so that every byte is read
};

void walk(const RedisReply& reply, unsigned depth, Walked& walked) {
  if (depth > kDeepest) std::abort();
  walked.bytes += reply.text().size();
  for (const char c : reply.text()) walked.sum += static_cast<unsigned char>(c);
  if (reply.as_integer() && reply.is_array()) std::abort();
  if (reply.is_error("MOVED")) tacos::redis::parse_redirection(reply.text(), RedisAddress{"a", 1, ""});
  for (const RedisReply& element : reply.elements()) {
    ++walked.elements;
    walk(element, depth + 1, walked);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  tacos::core::Random random(data[0]);
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  RedisReplyReader reader(kLimits);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(1 + random.below(1 + data[0]), bytes.size() - at);
    reader.feed(bytes.substr(at, piece));
    at += piece;
    RedisReplyReader::Status status = reader.next();
    for (; status == RedisReplyReader::Status::kReply; status = reader.next()) {
      Walked walked;
      walk(reader.reply(), 0, walked);
      if (walked.bytes > kLimits.max_bytes || walked.elements > kLimits.max_elements) std::abort();
      const auto ranges = tacos::redis::parse_cluster_slots(reader.reply(), RedisAddress{"a", 1, ""});
      if (ranges.has_value() && ranges->empty()) std::abort();
    }
    if (status == RedisReplyReader::Status::kBroken) {
      if (reader.fault().empty()) std::abort();
      return 0;
    }
  }
  return 0;
}
