#include "tacos-plan/plan/line_timeline.h"

#include <algorithm>

#include "tacos-plan/models/fluid_queue.h"

namespace tacos::plan {

namespace {

// Of those who have come by then, or by the last payment, who are not let in.
double came_by(const FluidQueue& line, const Plan& plan, double t_sec) {
  const double seconds = std::min(t_sec, plan.selling.last_paid_sec);
  const double came = line.arrival_seconds > 0 ? std::min(1.0, seconds / line.arrival_seconds) : 1;
  return std::max(0.0, line.users * came - plan.selling.admissions);
}

}  // namespace

core::Result<std::vector<LinePoint>> line_timeline(const Plan& plan, int points) {
  const auto& in = plan.inputs;
  FluidQueue line;
  line.users = in[Quantity::kUsers];
  line.arrival_seconds = in[Quantity::kArrivalTime];
  line.door.per_second = plan.admission.rate;
  const bool told_ever = plan.selling.in_vain > 0;
  const double per_user = plan.selling.peak_line > 0 ? plan.polling.status_rps / plan.selling.peak_line : 0;
  const double until = std::max(plan.admission.drained_at, plan.selling.told_sec);
  std::vector<LinePoint> timeline;
  for (int i = 0; i <= points; ++i) {
    LinePoint point;
    point.t_sec = until * i / points;
    const auto queue = fluid_queue_at(line, point.t_sec);
    if (!queue) return queue.error();
    point.in_line = *queue;
    // Nobody is called in after the last seat is taken; the line stands, and grows by those who come, until it is told.
    const bool stands = told_ever && point.t_sec > plan.selling.sellout_sec;
    point.in_line_if_told = !stands                               ? *queue
                            : point.t_sec > plan.selling.told_sec ? 0
                                                                  : came_by(line, plan, point.t_sec);
    point.status_rps = per_user * (in.at_sell_out == AtSellOut::kStop ? point.in_line_if_told : point.in_line);
    timeline.push_back(point);
  }
  return timeline;
}

}  // namespace tacos::plan
