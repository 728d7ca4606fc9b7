#include "tacos-plan/report/simulation_charts.h"

#include <utility>

#include "tacos-plan/rehearsal/findings.h"

namespace tacos::plan {
namespace {

using report::Chart;

// A chart of the sale's timeline.
class Drawing {
 public:
  Drawing(const Rehearsal& rehearsal, std::string title, std::string note) : rehearsal_(rehearsal) {
    chart_.title = std::move(title);
    chart_.note = std::move(note);
  }

  template <class Value>
  Drawing& line(std::string name, int colour, Value value) {
    Chart::Series series;
    series.name = std::move(name);
    series.colour = colour;
    series.dashed = colour == 0;
    for (const auto& point : rehearsal_.result.timeline) {
      series.points.emplace_back(point.t_sec, static_cast<double>(value(point)));
    }
    chart_.series.push_back(std::move(series));
    return *this;
  }
  Drawing& in(Chart::Unit unit) {
    chart_.y_unit = unit;
    return *this;
  }
  Chart take() { return std::move(chart_); }

 private:
  const Rehearsal& rehearsal_;
  Chart chart_;
};

}  // namespace

Document::Charts simulation_charts(const Rehearsal& rehearsal) {
  using Point = TimelinePoint;
  const double interval = rehearsal.interval_sec();
  const auto used = [](Component component) {
    return [component](const Point& p) { return 100 * p.utilisation_of(component); };
  };
  Document::Charts charts;
  charts.charts.push_back(Drawing(rehearsal, "People in line", "who wait to be called in or told")
                              .line("in line", 1, [](const Point& p) { return p.waiting; })
                              .take());
  charts.charts.push_back(Drawing(rehearsal, "Seats left", "neither held nor sold")
                              .line("free", 2, [](const Point& p) { return p.seats_left; })
                              .take());
  charts.charts.push_back(Drawing(rehearsal, "Requests a second", "status requests asked; answers of every kind")
                              .line("status requests", 1, [](const Point& p) { return p.status_per_sec; })
                              .line("answered", 2, [](const Point& p) { return p.served_per_sec; })
                              .line("shed", 3, [&](const Point& p) { return static_cast<double>(p.shed) / interval; })
                              .take());
  charts.charts.push_back(Drawing(rehearsal, "Gateway pods", "needed: for what is asked, at the autoscaler's target")
                              .line("needed", 0,
                                    [&](const Point& p) {
                                      const double asked = p.served_per_sec + static_cast<double>(p.shed) / interval;
                                      return pods_needed(rehearsal.sale.gateway, asked);
                                    })
                              .line("ready", 1, [](const Point& p) { return p.pods_ready; })
                              .line("starting", 2, [](const Point& p) { return p.pods_starting; })
                              .take());
  charts.charts.push_back(Drawing(rehearsal, "Utilisation, %", "100 is all there is")
                              .line("gateway", 1, used(Component::kGateway))
                              .line("Redis", 2, used(Component::kRedis))
                              .line("reservation", 3, used(Component::kReservation))
                              .line("payment", 0, used(Component::kPayment))
                              .take());
  charts.charts.push_back(Drawing(rehearsal, "Wait for an answer",
                                  "queueing at gateway and Redis; what chance makes below saturation is not simulated")
                              .in(Chart::Unit::kMillis)
                              .line("median", 1, [](const Point& p) { return 1000 * p.delay_p50_sec; })
                              .line("longest", 3, [](const Point& p) { return 1000 * p.delay_max_sec; })
                              .take());
  return charts;
}

}  // namespace tacos::plan
