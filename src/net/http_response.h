#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tacos::net {

// What a handler answers. Everything is copied inside respond(), so the views need only live until it returns.
struct HttpResponse {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string_view body;
  // Whole lines, each "Name: value\r\n". Neither Content-Length, Date nor Connection: the server writes those.
  std::string_view extra_headers;
  // Ends the connection after this answer, whatever the client asked for.
  bool close = false;
};

// What the wire form depends on besides the response itself.
struct ResponseFraming {
  std::string_view date;   // IMF-fixdate, RFC 9110 section 5.6.7
  bool head = false;       // the request was HEAD: the length is told, the body is not sent
  bool keep_alive = true;  // the connection lives on after this answer
  int minor_version = 1;   // of the request
};

// Appends the response in wire form. Allocates only when out has to grow.
void append_response(std::string& out, const HttpResponse& response, const ResponseFraming& framing);

// The reason phrase, as RFC 9110 section 15 words it; "Unknown" for codes it does not know.
std::string_view reason_phrase(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT" for a time in seconds since 1970.
std::string format_http_date(std::int64_t unix_seconds);

}  // namespace tacos::net
