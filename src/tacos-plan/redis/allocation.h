#pragma once

#include <cstdint>

#include "tacos-plan/redis/redis_build.h"

namespace tacos::plan {

// The bytes jemalloc reserves for a request: a multiple of the quantum up to 64 (8-byte classes) or 128 bytes (16-byte
// classes, and one of 8); above, four classes to each doubling. Any request from 0 to 2^62 bytes.
// Source: jemalloc 5.3 manual, "Size classes", which lists those of both quanta.
std::uint64_t allocated_bytes(std::uint64_t requested, SizeClasses classes);

// A text as Redis stores it. The length may be a mean of unlike lengths ("5.63 digits"): then each formula takes the
// mix of the two whole lengths around it, which is exact for numbers that have one of two lengths.
struct Text {
  double bytes = 0;
  bool decimal = false;  // a whole number in decimal; a listpack and a string's value store it as a number
};

// How many digits the numbers 1 to last have on average; 1 for last = 0.
// Σ over d of d · (how many of them have d digits) / last.
Text ticket_text(std::uint64_t last);

// An sds string in a block of its own: header + length + 1 for the closing zero, as allocated. The header has 1 byte
// below 32 bytes (3 when empty), 3 below 256, 5 below 64 KiB, 9 above.
// Source: Redis 7.0 sds.h (sdshdr5 … sdshdr32), sds.c sdsReqType and _sdsnewlen.
double sds_bytes(const Text& text, SizeClasses classes);

// The same without the allocation, for strings that stand inside another block.
std::uint64_t sds_length_bytes(std::uint64_t length);

// What an element takes in a listpack: encoding + content + length for walking backwards.
//   text of up to 63 bytes: 1 + L; up to 4,095: 2 + L; above: 5 + L; the backward length 1 byte up to 127, else 2 to 5.
//   numbers: 1 byte to 127, 2 to 4,095, 3 to 32,767, 4 to 8,388,607, 5 to 2^31 - 1, else 9; and 1 for the way back.
// Numbers are known by their digits here, taken as spread evenly: of four digits 34 % are below 4,096, and so on.
// Source: Redis 7.0 listpack.c, lpEncodeGetType and lpEncodeBacklen.
double listpack_element_bytes(const Text& text);

// The mean of a skiplist node's allocation: 24 + 16 bytes per level, level k with probability 3/4 · (1/4)^(k-1), at
// most 32: 53.3 bytes with 16-byte classes.
// Source: Redis 7.0 server.h zskiplistNode, ZSKIPLIST_P, ZSKIPLIST_MAXLEVEL; t_zset.c zslRandomLevel.
double skiplist_node_bytes(SizeClasses classes);

// Slots of a table that doubles when it is full: the least power of two that is ≥ entries, at least 4; 0 when empty.
// Source: Redis 7.0 dict.c _dictExpandIfNeeded and _dictNextExp.
std::uint64_t dict_slots(std::uint64_t entries);

}  // namespace tacos::plan
