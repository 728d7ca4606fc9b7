#pragma once

#include <array>
#include <string>
#include <string_view>

namespace tacos::gateway {

// The operator's token, kept only as its hash, so that neither a core dump nor a comparison's timing gives it away.
class AdminCredential {
 public:
  explicit AdminCredential(std::string_view token);

  // In constant time.
  bool matches(std::string_view token) const;
  // The first 8 hex digits of the hash: names the token in the audit log.
  const std::string& id() const { return id_; }

 private:
  std::array<unsigned char, 32> hash_;
  std::string id_;
};

}  // namespace tacos::gateway
