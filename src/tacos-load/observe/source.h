#pragma once

#include <functional>
#include <string>

#include "core/result.h"
#include "tacos-load/observe/figures.h"

namespace tacos::load {

// Something that tells its figures when asked. Asked again only when it has answered. All on the thread of one loop.
class Source {
 public:
  using Done = std::function<void(core::Result<Figures>)>;

  virtual ~Source() = default;
  // Calls done once, perhaps before it returns, unless the source is destroyed first.
  virtual void read(Done done) = 0;
  // What stands in the way of an answer that has not come yet; empty when nothing is known to.
  virtual std::string fault() const { return {}; }
};

}  // namespace tacos::load
