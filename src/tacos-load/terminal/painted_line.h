#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tacos::load {

enum class Paint : std::uint8_t { kPlain, kStrong, kFaint, kGood, kWarning, kBad };

// How a screen can be written on.
struct Screen {
  std::size_t width = 80;
  std::size_t height = 24;
  bool colour = false;
  bool unicode = true;

  std::string_view ellipsis() const { return unicode ? "…" : "~"; }
};

// One line of a screen, put together from pieces and never wider than it: the piece that would be is cut, what comes
// after it is left out. Colours are the only escape codes in it, and only on a screen that has them.
class PaintedLine {
 public:
  explicit PaintedLine(const Screen& screen) : screen_(&screen) {}

  PaintedLine& add(std::string_view text, Paint paint = Paint::kPlain);
  PaintedLine& pad_to(std::size_t column);

  std::size_t used() const { return used_; }
  std::size_t room() const { return screen_->width - used_; }
  const std::string& text() const { return text_; }

 private:
  const Screen* screen_;
  std::string text_;
  std::size_t used_ = 0;
};

}  // namespace tacos::load
