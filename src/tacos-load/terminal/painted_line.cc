#include "tacos-load/terminal/painted_line.h"

#include <algorithm>

#include "core/text_columns.h"

namespace tacos::load {
namespace {

// ECMA-48, SGR.
std::string_view code_of(Paint paint) {
  switch (paint) {
    case Paint::kStrong:
      return "\x1b[1m";
    case Paint::kFaint:
      return "\x1b[2m";
    case Paint::kGood:
      return "\x1b[32m";
    case Paint::kWarning:
      return "\x1b[33m";
    case Paint::kBad:
      return "\x1b[1;31m";
    case Paint::kPlain:
      break;
  }
  return "";
}

}  // namespace

PaintedLine& PaintedLine::add(std::string_view text, Paint paint) {
  if (room() == 0 || text.empty()) return *this;
  const std::string cut = core::cut_to_columns(text, room(), screen_->ellipsis());
  const bool painted = screen_->colour && paint != Paint::kPlain;
  if (painted) text_ += code_of(paint);
  text_ += cut;
  if (painted) text_ += "\x1b[0m";
  used_ = core::columns_of(text) > room() ? screen_->width : used_ + core::columns_of(cut);
  return *this;
}

PaintedLine& PaintedLine::pad_to(std::size_t column) {
  if (column > used_) add(std::string(std::min(column - used_, room()), ' '));
  return *this;
}

}  // namespace tacos::load
