#include "tacos-gateway/http/json_text.h"

#include <iterator>

namespace tacos::gateway {

void append_json_escaped(fmt::memory_buffer& out, std::string_view text) {
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.data() + plain_from, text.data() + i);
    plain_from = i + 1;
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  out.append(text.data() + plain_from, text.data() + text.size());
}

}  // namespace tacos::gateway
