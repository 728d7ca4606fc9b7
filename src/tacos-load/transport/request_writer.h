#pragma once

#include <string>

#include "tacos-load/transport/transport.h"

namespace tacos::load {

// Writes a request in HTTP/1.1's form into a buffer that the caller reuses. What never changes (Host, User-Agent, the
// user's own headers) is put together once.
class RequestWriter {
 public:
  RequestWriter(const TransportOptions& options, const std::string& host_header);

  // Replaces what `into` held. Allocates only while the buffer still grows.
  void write(const Request& request, std::string& into) const;

 private:
  std::string fixed_headers_;
};

}  // namespace tacos::load
