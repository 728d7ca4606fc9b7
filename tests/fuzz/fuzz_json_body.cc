// Any bytes may be the body of a request: they are an object, whose fields are then read as the routes read them, or
// not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/random.h"
#include "tacos-gateway/http/api_thread.h"
#include "tacos-gateway/http/json_body.h"
#include "tacos-gateway/http/json_text.h"
#include "tacos-gateway/http/route.h"
#include "tacos-gateway/http/trace_id.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacos::gateway;
  static JsonBody json(4096);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  match_route(tacos::net::HttpMethod::kPost, bytes);
  TraceId::from_traceparent(bytes);
  is_event_id(bytes);
  if (!json.read(bytes)) return 0;
  std::string_view text;
  for (const char* name : {"event_id", "user_id", "waiting_token", "a"}) {
    if (json.get_text(name, text) != JsonBody::Found::kYes) continue;
    // What was read may be told back: as JSON it must be readable again and the same.
    fmt::memory_buffer out;
    for (const char c : std::string_view(R"({"a":")")) out.push_back(c);
    append_json_escaped(out, text);
    for (const char c : std::string_view(R"("})")) out.push_back(c);
    static JsonBody again(64 * 1024);
    std::string_view same;
    if (!again.read({out.data(), out.size()}) || again.get_text("a", same) != JsonBody::Found::kYes || same != text) {
      std::abort();
    }
  }
  std::int64_t integer = 0;
  double number = 0;
  std::vector<std::uint64_t> numbers;
  for (const char* name : {"requested_at_ms", "quantity", "seat_ids", "rate", "a"}) {
    json.get_integer(name, integer);
    json.get_number(name, number);
    json.get_numbers(name, numbers, 10);
    if (numbers.size() > 10) std::abort();
  }
  return 0;
}
