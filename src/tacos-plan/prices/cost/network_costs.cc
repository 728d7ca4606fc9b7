#include <algorithm>

#include <fmt/format.h>

#include "tacos-plan/prices/cost/service_costs.h"

namespace tacos::plan {
namespace {

core::Result<Costs> load_balancer_cost(const PriceCatalogue& prices, std::string_view kind,
                                       const LoadBalancerUse& use) {
  return Bill(prices)
      .add("load balancer hours", fmt::format("elb.{}.hour", kind), "per hour", use.hours)
      .add("LCU-hours", fmt::format("elb.{}.lcu_hour", kind), "per LCU-hour",
           product("LCUs", use.lcus, "hours", use.hours))
      .finish();
}

}  // namespace

core::Result<Costs> alb_cost(const PriceCatalogue& prices, const LoadBalancerUse& use) {
  return load_balancer_cost(prices, "application", use);
}

core::Result<Costs> nlb_cost(const PriceCatalogue& prices, const LoadBalancerUse& use) {
  return load_balancer_cost(prices, "network", use);
}

core::Result<Costs> nat_cost(const PriceCatalogue& prices, const NatUse& use) {
  return Bill(prices)
      .add("gateway hours", "nat.gateway.hour", "per hour", product("gateways", use.gateways, "hours", use.hours))
      .add("GB processed", "nat.gateway.gb", "per GB", use.gb)
      .finish();
}

core::Result<Costs> egress_cost(const PriceCatalogue& prices, const EgressUse& use) {
  const auto sent = given("GB sent", use.gb);
  if (!sent) return sent.error();
  const auto free = given("GB free", use.free_gb);
  if (!free) return free.error();
  return Bill(prices).add("GB sent", "egress.internet.gb", "per GB", std::max(0.0, *sent - *free)).finish();
}

core::Result<Costs> waf_cost(const PriceCatalogue& prices, const WafUse& use) {
  constexpr std::string_view kPerMillion = "per million requests";
  const auto steps = waf_extra_capacity_steps(use.capacity_units);
  if (!steps) return steps.error();
  Bill bill(prices);
  bill.add("web ACLs", "waf.acl_month", "per web ACL-month", use.acls)
      .add("rules", "waf.rule_month", "per rule-month", use.rules)
      .add("requests", "waf.requests", kPerMillion, use.requests);
  if (*steps > 0) {
    bill.add("requests by steps of extra capacity", "waf.extra_capacity.requests", kPerMillion,
             product("requests", use.requests, "steps of extra capacity", *steps));
  }
  if (use.bot_control_common) {
    bill.add("Bot Control, common", "waf.bot_control.common.month", "per month", 1)
        .add("requests looked at, common", "waf.bot_control.common.requests", kPerMillion, use.common_requests);
  }
  if (use.bot_control_targeted) {
    bill.add("Bot Control, targeted", "waf.bot_control.targeted.month", "per month", 1)
        .add("requests looked at, targeted", "waf.bot_control.targeted.requests", kPerMillion, use.targeted_requests);
  }
  if (use.captcha_answers != 0) {
    bill.add("CAPTCHA answers", "waf.captcha.answers", "per 10,000 answers", use.captcha_answers);
  }
  if (use.challenge_responses != 0) {
    bill.add("challenge responses", "waf.challenge.responses", "per million responses", use.challenge_responses);
  }
  return bill.finish();
}

core::Result<Costs> cloudfront_cost(const PriceCatalogue& prices, const CloudFrontUse& use) {
  return Bill(prices)
      .add("GB sent", fmt::format("cloudfront.{}.gb", use.price_class), "per GB", use.gb)
      .add("HTTPS requests", fmt::format("cloudfront.{}.https_requests", use.price_class), "per 10,000 requests",
           use.https_requests)
      .finish();
}

}  // namespace tacos::plan
