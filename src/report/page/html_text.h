#pragma once

#include <string>
#include <string_view>

namespace tacos::report {

// Text for an HTML element or a quoted attribute. Names and reasons come from scenarios and from targets, so all of it
// is hostile until it has been through here. Control characters, which no HTML may hold, become U+FFFD.
inline std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        const auto byte = static_cast<unsigned char>(c);
        const bool control = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
        out += control ? std::string_view("\xEF\xBF\xBD") : std::string_view(&c, 1);
    }
  }
  return out;
}

}  // namespace tacos::report
