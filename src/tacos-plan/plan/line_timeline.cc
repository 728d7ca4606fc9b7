#include "tacos-plan/plan/line_timeline.h"

#include <algorithm>

#include "tacos-plan/models/fluid_queue.h"

namespace tacos::plan {

core::Result<std::vector<LinePoint>> line_timeline(const Plan& plan, int points) {
  const auto& in = plan.inputs;
  FluidQueue line;
  line.users = in[Quantity::kUsers];
  line.arrival_seconds = in[Quantity::kArrivalTime];
  line.door.per_second = plan.admission.rate;
  const bool told_ever = plan.selling.in_vain > 0;
  const double per_user = plan.admission.longest_queue > 0 ? plan.polling.status_rps / plan.admission.longest_queue : 0;
  std::vector<LinePoint> timeline;
  for (int i = 0; i <= points; ++i) {
    LinePoint point;
    point.t_sec = plan.admission.drained_at * i / points;
    const auto queue = fluid_queue_at(line, point.t_sec);
    if (!queue) return queue.error();
    point.in_line = *queue;
    // Nobody is called in after the last seat is taken; the line stands until it is told, within one poll of everybody.
    const auto stood = fluid_queue_at(line, std::min(point.t_sec, plan.selling.sellout_sec));
    if (!stood) return stood.error();
    point.in_line_if_told = told_ever && point.t_sec > plan.selling.told_sec ? 0 : told_ever ? *stood : *queue;
    point.status_rps = per_user * (in.at_sell_out == AtSellOut::kStop ? point.in_line_if_told : point.in_line);
    timeline.push_back(point);
  }
  return timeline;
}

}  // namespace tacos::plan
