#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "tacos-plan/document/document.h"

namespace tacos::plan {

// A document with everything that one can hold. The numbers are made up: it is about how they look.
inline Document sample_document() {
  using Kind = Document::Column::Kind;
  using Tone = Document::Tone;
  Document d;
  d.title = "300,000 users, 10,000 seats, everyone in within 5 min";
  d.tone = Tone::kCaution;
  d.headline = "It holds on 3 small nodes for $2.25, with one thing to settle before the sale opens";
  d.reasons = {"the hottest slot runs at 62 % of what one core does, below the limit of 70 %",
               "with one node lost the two others carry 81 %, which is above the limit of 70 %"};
  d.sections.push_back({"At a glance",
                        {Document::Figures{{{"1,000/s", "admission rate", "chosen by the wait"},
                                            {"5 min", "longest wait", "mean 2 min 30 s"},
                                            {"43.9 MB", "queue in memory", "300,000 entries of 146 B"},
                                            {"60 MB/s", "answers to polls", "of 117 MB/s baseline"},
                                            {"$2.25", "for the sale", "6 h, prices of 2026-10-02"}}},
                         Document::Notices{{{Tone::kBad, "HOT_SLOT",
                                             "Every command on the queue goes to one slot, so further shards do not "
                                             "help: only a faster core or fewer commands for each user do."},
                                            {Tone::kCaution, "POLL_STORM", "Polls outnumber joins by 75 to 1."},
                                            {Tone::kGood, "MEMORY", "Memory is no concern."},
                                            {Tone::kPlain, "PRICE_AGE", "The price list is 12 days old."}}}}});
  Document::Table use{{{"resource"},
                       {"use", Kind::kBar},
                       {"needed", Kind::kNumber},
                       {"available", Kind::kNumber, 1},
                       {"limit that was set", Kind::kNumber, 2},
                       {"where it comes from", Kind::kText, 3}},
                      {}};
  use.rows.push_back({{"engine CPU, hottest slot", Document::Cell::bar(0.62, Tone::kCaution), "62,000/s", "100,000/s",
                       "70 %", "measured on this machine, one connection, pipelines of 16"}});
  use.rows.push_back({{"memory", Document::Cell::bar(0.0069, Tone::kGood), "43.9 MB", "6.38 GB", "75 %", "model"}});
  use.rows.push_back({{"network", Document::Cell::bar(0.51), "60 MB/s", "117 MB/s", "80 %", "price list"}});
  use.rows.push_back(
      {{"CPU with one node lost", Document::Cell::bar(0.93, Tone::kBad), "93,000/s", "100,000/s", "70 %", ""}});
  d.sections.push_back({"Utilisation", {Document::Paragraph{"Shares are of what a node can do.", true}, use}});
  Document::Table cost{
      {{"what it costs"}, {"per hour", Kind::kNumber, 1}, {"hours", Kind::kNumber, 2}, {"USD", Kind::kNumber}}, {}};
  cost.rows = {{{"3 × cache.m7g.large", "$0.474", "6", "$2.84"}},
               {{"load balancer", "$0.0225", "6", "$0.14"}},
               {{"data transfer out", "", "", Document::Cell("$1,204", Tone::kBad)}},
               {{"together", "", "", "$1,207"}, true}};
  d.sections.push_back({"Cost", {cost}});
  report::Chart queue{"People in the queue", "From the moment the sale opens"};
  report::Chart::Series waiting{"waiting", {}, 1, false, true}, told{"told to enter", {}, 3, true};
  for (int t = 0; t <= 300; t += 5) {
    waiting.points.emplace_back(t, 300000 - 1000.0 * t);
    told.points.emplace_back(t, 1000.0 * t);
  }
  queue.series = {waiting, told};
  report::Chart latency{"Time to answer a poll", "", report::Chart::Unit::kCount, report::Chart::Unit::kMillis, true};
  report::Chart::Series p99{"p99", {}, 2};
  for (int load = 1; load < 20; ++load) p99.points.emplace_back(load * 5000.0, 0.2 / (1 - load / 20.0));
  latency.series = {p99};
  d.sections.push_back({"How it goes", {Document::Charts{{queue, latency}}}});
  Document::Table words{{{"option"}, {"verdict"}, {"why"}}, {}};
  words.rows = {{{"one sorted set", Document::Cell("chosen", Tone::kGood),
                  "Rank and admission are one command each, and the order is exact for everyone who waits."}},
                {{"a list a shard", Document::Cell("refused", Tone::kBad),
                  "A position costs a scan, and the order between shards is a matter of luck."}}};
  d.sections.push_back({"Options", {words}});
  d.sections.push_back({"What was left out", {Document::Table{{{"what"}, {"why"}}, {}}}});
  d.sections.push_back({"Formulas", {Document::Paragraph{"Longest wait = N ÷ a, mean N ÷ 2a."}, cost}, true});
  d.origin =
      "tacos-plan 0.1.0, tacos-plan size --users 300000 --seats 10000 --within 5m; prices of 2026-10-02, us-east-1";
  return d;
}

}  // namespace tacos::plan
