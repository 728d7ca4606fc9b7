#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tacos::load {

// The members of a waiting room's answers that a journey acts on or writes down; anything else is passed over. The
// views live until the next read by the same reader.
struct Answer {
  std::string_view waiting_token;
  std::string_view status;
  std::string_view reservation_token;
  std::string_view reservation_id;
  std::string_view payment_intent_id;
  std::string_view error_code;  // of {"error":{"code":…}}
  std::string_view seat_ids;    // as JSON
  std::string_view order_id;
  std::string_view currency;
  std::optional<std::uint64_t> amount;  // to be paid; absent when it is no whole number
  std::optional<std::uint64_t> position;
  std::uint64_t poll_after_ms = 0;
  bool ready_for_entry = false;
  bool stale = false;
};

// Reads JSON answers without allocating once its buffers have grown to the answers' size. What it is given comes from a
// stranger: anything but a JSON object with members of the right type yields nothing.
class AnswerReader {
 public:
  AnswerReader();
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  std::optional<Answer> read(std::string_view body);

 private:
  struct Buffers;  // keeps simdjson out of every file that includes this one
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace tacos::load
