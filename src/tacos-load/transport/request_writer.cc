#include "tacos-load/transport/request_writer.h"

#include <charconv>

namespace tacos::load {
namespace {

constexpr std::string_view method_text(Method method) {
  switch (method) {
    case Method::kPost:
      return "POST ";
    case Method::kDelete:
      return "DELETE ";
    case Method::kGet:
      break;
  }
  return "GET ";
}

}  // namespace

RequestWriter::RequestWriter(const TransportOptions& options, const std::string& host_header) {
  fixed_headers_ = " HTTP/1.1\r\nHost: " + host_header + "\r\nUser-Agent: tacos-load\r\nAccept: application/json\r\n";
  for (const auto& header : options.headers) fixed_headers_ += header + "\r\n";
}

void RequestWriter::write(const Request& request, std::string& into) const {
  into.assign(method_text(request.method));
  into += request.target;
  into += fixed_headers_;
  if (!request.bearer.empty()) {
    into += "Authorization: Bearer ";
    into += request.bearer;
    into += "\r\n";
  }
  if (!request.idempotency_key.empty()) {
    into += "Idempotency-Key: ";
    into += request.idempotency_key;
    into += "\r\n";
  }
  if (!request.body.empty() || request.method == Method::kPost) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, request.body.size()).ptr;
    into += "Content-Type: application/json\r\nContent-Length: ";
    into.append(digits, end);
    into += "\r\n";
  }
  into += "\r\n";
  into += request.body;
}

}  // namespace tacos::load
