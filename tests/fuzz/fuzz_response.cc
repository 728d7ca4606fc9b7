// Any bytes may come back on a connection, in pieces of any size: they are an answer, an error, or not yet complete.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "tacos-load/transport/response_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tacos::load::ResponseParser;
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  ++data;
  --size;
  std::string spill;
  ResponseParser parser(spill, 4096);
  std::vector<char> buffer;
  boost::system::error_code error;
  for (std::size_t at = 0; at < size && !parser.is_done();) {
    const std::size_t take = std::min(piece, size - at);
    buffer.insert(buffer.end(), data + at, data + at + take);
    at += take;
    std::size_t used = 0;
    error = {};
    while (used < buffer.size() && !error && !parser.is_done() && !parser.must_wait(buffer.size() - used)) {
      used += parser.put(boost::asio::buffer(buffer.data() + used, buffer.size() - used), error);
    }
    if (error && error != boost::beast::http::error::need_more) return 0;
    if (parser.is_done()) break;
    parser.keep_body();
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (parser.is_done() && (parser.body().size() > 4096 || parser.status() < 0 || parser.status() > 999)) std::abort();
  return 0;
}
