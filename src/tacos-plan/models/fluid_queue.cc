#include "tacos-plan/models/fluid_queue.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tacos::plan {
namespace {

using core::fail;
using core::Result;

Result<void> check(const FluidQueue& queue) {
  if (!std::isfinite(queue.users) || queue.users <= 0) {
    return fail(fmt::format("{} users; the number must be finite and above 0", queue.users));
  }
  if (!std::isfinite(queue.arrival_seconds) || queue.arrival_seconds < 0) {
    return fail(fmt::format("arrivals over {} s; the time must be finite and at least 0", queue.arrival_seconds));
  }
  return check_door(queue.door);
}

Result<void> check(const FluidQueue& queue, const SoldOut& sold_out) {
  if (auto ok = check(queue); !ok) return ok.error();
  if (!std::isfinite(sold_out.stops_at_seconds) || sold_out.stops_at_seconds < 0) {
    return fail(fmt::format("sold out at {} s; the time must be finite and at least 0", sold_out.stops_at_seconds));
  }
  if (!std::isfinite(sold_out.notice_delay_seconds) || sold_out.notice_delay_seconds < 0) {
    return fail(
        fmt::format("notice after {} s; the delay must be finite and at least 0", sold_out.notice_delay_seconds));
  }
  if (!(sold_out.door_delay_seconds >= 0 && sold_out.door_delay_seconds <= sold_out.notice_delay_seconds)) {
    return fail(fmt::format("the door refuses after {} s; the delay must be 0 to that of the notice, {} s",
                            sold_out.door_delay_seconds, sold_out.notice_delay_seconds));
  }
  return {};
}

Result<void> check_order(const FluidQueue& queue, double k) {
  if (k >= 0 && k <= queue.users) return {};
  return fail(fmt::format("arrival {} is not one of the {} users", k, queue.users));
}

double arrival_of(const FluidQueue& queue, double k) {
  return queue.arrival_seconds * (k / queue.users);
}

double arrived_by(const FluidQueue& queue, double seconds) {
  if (seconds >= queue.arrival_seconds) return queue.users;
  return queue.users * (seconds / queue.arrival_seconds);
}

double admitted_by(const FluidQueue& queue, double seconds) {
  return std::min(arrived_by(queue, seconds), queue.door.burst + queue.door.per_second * seconds);
}

double wait_of(const FluidQueue& queue, double k) {
  return std::max(0.0, (k - queue.door.burst) / queue.door.per_second - arrival_of(queue, k));
}

// The waits of the first k together: a triangle over those who wait at all.
double waited_by_first(const FluidQueue& queue, double k) {
  const double growth = 1 / queue.door.per_second - queue.arrival_seconds / queue.users;
  if (growth <= 0) return 0;
  const double first_to_wait = queue.door.burst / queue.door.per_second / growth;
  const double waiting = std::max(0.0, k - first_to_wait);
  return growth * waiting * waiting / 2;
}

}  // namespace

Result<LineSummary> fluid_summary(const FluidQueue& queue) {
  if (auto ok = check(queue); !ok) return ok.error();
  LineSummary line;
  line.longest_wait_seconds = wait_of(queue, queue.users);
  line.longest_queue = line.longest_wait_seconds * queue.door.per_second;
  line.person_seconds = waited_by_first(queue, queue.users);
  line.mean_wait_seconds = line.person_seconds / queue.users;
  line.drained_at_seconds = queue.arrival_seconds + line.longest_wait_seconds;
  return line;
}

Result<double> fluid_queue_at(const FluidQueue& queue, double seconds) {
  if (auto ok = check(queue); !ok) return ok.error();
  if (!(seconds >= 0)) return 0.0;
  return arrived_by(queue, seconds) - admitted_by(queue, seconds);
}

Result<double> fluid_wait_of(const FluidQueue& queue, double k) {
  if (auto ok = check(queue); !ok) return ok.error();
  if (auto ok = check_order(queue, k); !ok) return ok.error();
  return wait_of(queue, k);
}

Result<double> fluid_wait_percentile(const FluidQueue& queue, double share) {
  if (!(share >= 0 && share <= 1)) return fail(fmt::format("share is {}; it must be 0 to 1", share));
  return fluid_wait_of(queue, share * queue.users);
}

Result<SoldOutSummary> fluid_sold_out(const FluidQueue& queue, const SoldOut& sold_out) {
  if (auto ok = check(queue, sold_out); !ok) return ok.error();
  const double stop = sold_out.stops_at_seconds;
  const double told_at = stop + sold_out.notice_delay_seconds;
  const double arrived = arrived_by(queue, stop + sold_out.door_delay_seconds);
  SoldOutSummary line;
  line.admitted = admitted_by(queue, stop);
  line.sold_out_in_line = arrived - line.admitted;
  line.refused_at_door = queue.users - arrived;
  line.longest_wait_admitted_seconds = wait_of(queue, line.admitted);
  line.person_seconds = waited_by_first(queue, line.admitted);
  if (line.admitted > 0) line.mean_wait_admitted_seconds = line.person_seconds / line.admitted;
  if (line.sold_out_in_line > 0) {
    line.longest_wait_sold_out_seconds = told_at - arrival_of(queue, line.admitted);
    line.mean_wait_sold_out_seconds = told_at - arrival_of(queue, (line.admitted + arrived) / 2);
    line.person_seconds += line.mean_wait_sold_out_seconds * line.sold_out_in_line;
  }
  return line;
}

Result<double> fluid_sold_out_wait_of(const FluidQueue& queue, const SoldOut& sold_out, double k) {
  if (auto ok = check(queue, sold_out); !ok) return ok.error();
  if (auto ok = check_order(queue, k); !ok) return ok.error();
  if (k > arrived_by(queue, sold_out.stops_at_seconds + sold_out.door_delay_seconds)) return 0.0;
  if (k <= admitted_by(queue, sold_out.stops_at_seconds)) return wait_of(queue, k);
  return sold_out.stops_at_seconds + sold_out.notice_delay_seconds - arrival_of(queue, k);
}

}  // namespace tacos::plan
