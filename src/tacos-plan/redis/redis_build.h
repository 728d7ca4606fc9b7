#pragma once

#include <cstdint>

namespace tacos::plan {

// Whose source the structures follow. kValkey81 is derived from Valkey's source and not measured here.
enum class Engine : std::uint8_t { kRedis70, kValkey81 };

// The spacing of jemalloc's classes below 64 bytes. Redis's bundled jemalloc is configured with --with-lg-quantum=3;
// Debian links the system's jemalloc, whose quantum on x86-64 is 16 bytes (with one smaller class of 8).
enum class SizeClasses : std::uint8_t { kEightBytes, kSixteenBytes };

// Everything about a server's build and configuration that decides how many bytes a key takes.
struct RedisBuild {
  Engine engine = Engine::kRedis70;
  SizeClasses size_classes = SizeClasses::kSixteenBytes;
  // Redis 7.0 in cluster mode links the keys of a slot: two pointers more in each entry of the main table (cluster.h).
  bool cluster = false;

  // zset-max-listpack-* and hash-max-listpack-*, as CONFIG GET of Redis 7.0.15 shows them.
  std::uint64_t sorted_set_listpack_entries = 128;
  std::uint64_t hash_listpack_entries = 512;
  std::uint64_t listpack_value_bytes = 64;
  // list-max-listpack-size -2.
  std::uint64_t list_node_bytes = 8192;

  static constexpr RedisBuild debian() { return {}; }
  static constexpr RedisBuild official() {
    RedisBuild build;
    build.size_classes = SizeClasses::kEightBytes;
    return build;
  }
  static constexpr RedisBuild valkey() {
    RedisBuild build = official();
    build.engine = Engine::kValkey81;
    return build;
  }
};

}  // namespace tacos::plan
