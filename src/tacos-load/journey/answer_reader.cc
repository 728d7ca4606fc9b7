#include "tacos-load/journey/answer_reader.h"

#include <cstring>
#include <vector>

#include <simdjson.h>

namespace tacos::load {
namespace {

namespace json = simdjson::ondemand;

// null counts as absent. Asked through the error code: simdjson's plain form throws at what merely begins like null.
enum class Null : std::uint8_t { kYes, kNo, kMalformed };
Null null_of(json::value& value) {
  bool null = false;
  if (value.is_null().get(null) != simdjson::SUCCESS) return Null::kMalformed;
  return null ? Null::kYes : Null::kNo;
}

// Each reader below returns false when the value is there but of the wrong type.
bool read_text(json::value value, std::string_view& into) {
  if (const Null null = null_of(value); null != Null::kNo) return null == Null::kYes;
  return value.get_string().get(into) == simdjson::SUCCESS;
}

bool read_count(json::value value, std::uint64_t& into) {
  if (const Null null = null_of(value); null != Null::kNo) return null == Null::kYes;
  std::uint64_t count = 0;
  if (value.get_uint64().get(count) == simdjson::SUCCESS) {
    into = count;
    return true;
  }
  return false;
}

// What is written down only: of another type, it is passed over.
bool read_seat_ids(json::value value, std::string_view& into) {
  json::array seats;
  if (value.get_array().get(seats) != simdjson::SUCCESS) return true;
  return seats.raw_json().get(into) == simdjson::SUCCESS;
}

// A target that tells no price, or not in this way, is paid what the plan says: of another type it is passed over.
bool read_price(json::field& field, std::string_view key, Answer& answer) {
  if (key == "currency") {
    if (field.value().get_string().get(answer.currency) != simdjson::SUCCESS) answer.currency = {};
    return true;
  }
  std::uint64_t amount = 0;
  if (field.value().get_uint64().get(amount) == simdjson::SUCCESS) answer.amount = amount;
  return true;
}

bool read_error(json::value value, Answer& answer) {
  json::object error;
  if (value.get_object().get(error) != simdjson::SUCCESS) return false;
  for (auto member : error) {
    json::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS) return false;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (key == "code" && !read_text(field.value(), answer.error_code)) return false;
  }
  return true;
}

bool read_member(json::field& field, std::string_view key, Answer& answer) {
  if (key == "waiting_token") return read_text(field.value(), answer.waiting_token);
  if (key == "status") return read_text(field.value(), answer.status);
  if (key == "reservation_token") return read_text(field.value(), answer.reservation_token);
  if (key == "reservation_id") return read_text(field.value(), answer.reservation_id);
  if (key == "payment_intent_id") return read_text(field.value(), answer.payment_intent_id);
  if (key == "poll_after_ms") return read_count(field.value(), answer.poll_after_ms);
  if (key == "ready_for_entry") return field.value().get_bool().get(answer.ready_for_entry) == simdjson::SUCCESS;
  if (key == "stale") return field.value().get_bool().get(answer.stale) == simdjson::SUCCESS;
  if (key == "seat_ids") return read_seat_ids(field.value(), answer.seat_ids);
  if (key == "order_id") return read_text(field.value(), answer.order_id);
  if (key == "amount" || key == "currency") return read_price(field, key, answer);
  if (key == "error") return read_error(field.value(), answer);
  if (key == "position") {
    std::uint64_t position = 0;
    if (!read_count(field.value(), position)) return false;
    if (position > 0) answer.position = position;
  }
  return true;
}

}  // namespace

struct AnswerReader::Buffers {
  json::parser parser;
  std::vector<char> padded;
};

AnswerReader::AnswerReader() : buffers_(std::make_unique<Buffers>()) {}
AnswerReader::~AnswerReader() = default;

std::optional<Answer> AnswerReader::read(std::string_view body) {
  auto& padded = buffers_->padded;
  const std::size_t needed = body.size() + simdjson::SIMDJSON_PADDING;
  if (padded.size() < needed) padded.resize(needed * 2);
  if (!body.empty()) std::memcpy(padded.data(), body.data(), body.size());
  std::memset(padded.data() + body.size(), 0, simdjson::SIMDJSON_PADDING);

  json::document document;
  if (buffers_->parser.iterate(padded.data(), body.size(), padded.size()).get(document) != simdjson::SUCCESS) return {};
  json::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return {};
  Answer answer;
  for (auto member : object) {
    json::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS) return {};
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return {};
    if (!read_member(field, key, answer)) return {};
  }
  const char* surplus = nullptr;
  if (document.current_location().get(surplus) == simdjson::SUCCESS) return {};  // something follows the object
  return answer;
}

}  // namespace tacos::load
