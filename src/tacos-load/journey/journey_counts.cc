#include "tacos-load/journey/journey.h"

namespace tacos::load {

void JourneyCounts::merge(const JourneyCounts& other) {
  planned += other.planned;
  started += other.started;
  peak_active += other.peak_active;
  for (std::size_t s = 0; s < measure::kUserStateCount; ++s) states[s] += other.states[s];
  admitted += other.admitted;
  entered += other.entered;
  reserved += other.reserved;
  confirmed += other.confirmed;
  sold_out += other.sold_out;
  abandoned += other.abandoned;
  expired += other.expired;
  failed += other.failed;
  position_rises += other.position_rises;
  unreadable_answers += other.unreadable_answers;
  polls += other.polls;
  polled_early += other.polled_early;
}

}  // namespace tacos::load
