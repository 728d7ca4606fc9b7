#include "redis/redis_slots.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace tacos::redis {
namespace {

constexpr std::array<std::uint16_t, 256> crc16_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned rest = byte << 8;
    for (int bit = 0; bit < 8; ++bit) rest = (rest & 0x8000) != 0 ? (rest << 1) ^ 0x1021 : rest << 1;
    table[byte] = static_cast<std::uint16_t>(rest);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kCrc16Table = crc16_table();

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// [host, port, id, …]; nothing when the node does not know where it is ("?") or the reply is something else.
std::optional<RedisAddress> node_address(const RedisReply& node, const RedisAddress& asked) {
  const std::int64_t port = node.at(1).integer();
  if (port < 1 || port > 65535) return std::nullopt;
  RedisAddress address;
  address.port = static_cast<std::uint16_t>(port);
  address.host = node.at(0).text();
  if (address.host.empty()) address.host = asked.host;
  if (address.host.empty() || address.host == "?") return std::nullopt;
  return address;
}

}  // namespace

std::uint16_t crc16(std::string_view bytes) {
  unsigned rest = 0;
  for (const char c : bytes) {
    rest = ((rest << 8) & 0xffff) ^ kCrc16Table[(rest >> 8) ^ static_cast<unsigned char>(c)];
  }
  return static_cast<std::uint16_t>(rest);
}

std::uint16_t redis_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kRedisSlots;
}

core::Result<std::vector<SlotRange>> parse_cluster_slots(const RedisReply& reply, const RedisAddress& asked) {
  if (reply.is_error()) return core::fail(fmt::format("CLUSTER SLOTS was answered '{}'", reply.text()));
  if (!reply.is_array()) return core::fail("CLUSTER SLOTS was not answered with an array");
  std::vector<SlotRange> ranges;
  for (const RedisReply& entry : reply.elements()) {
    const std::int64_t first = entry.at(0).integer();
    const std::int64_t last = entry.at(1).integer();
    if (entry.elements().size() < 3 || first < 0 || last < first || last >= static_cast<std::int64_t>(kRedisSlots)) {
      return core::fail(fmt::format("CLUSTER SLOTS has a range from {} to {}", first, last));
    }
    auto primary = node_address(entry.at(2), asked);
    if (!primary) continue;
    SlotRange range{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last), std::move(*primary), {}};
    for (const RedisReply& node : entry.elements().subspan(3)) {
      if (auto replica = node_address(node, asked)) range.replicas.push_back(std::move(*replica));
    }
    ranges.push_back(std::move(range));
  }
  if (ranges.empty()) return core::fail("CLUSTER SLOTS has no slots; the cluster has not been put together");
  return ranges;
}

std::optional<Redirection> parse_redirection(std::string_view error, const RedisAddress& answered) {
  const std::size_t slot_at = error.find(' ') + 1;
  const std::size_t to_at = error.find(' ', slot_at) + 1;
  if (slot_at == 0 || to_at == 0) return std::nullopt;
  const auto slot = parse_number<std::uint16_t>(error.substr(slot_at, to_at - 1 - slot_at));
  std::string_view to = error.substr(to_at);
  to = to.substr(0, to.find(' '));
  const std::size_t colon = to.rfind(':');
  if (!slot || *slot >= kRedisSlots || colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(to.substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  Redirection redirection;
  redirection.slot = *slot;
  redirection.to.port = *port;
  redirection.to.host = colon == 0 ? answered.host : std::string(to.substr(0, colon));
  return redirection.to.host.empty() || redirection.to.host == "?" ? std::nullopt : std::optional(redirection);
}

}  // namespace tacos::redis
