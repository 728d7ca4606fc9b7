#include "tacos-gateway/gateway_stores.h"

#include <memory>
#include <utility>

#include "redis/redis_url.h"
#include "tacos-gateway/backend/embedded_seats.h"
#include "tacos-gateway/redis_seats/redis_seats.h"
#include "tacos-gateway/redis_store/redis_store.h"
#include "tacos-gateway/store/embedded_store.h"

namespace tacos::gateway {
namespace {

using core::fail;
using core::Result;

LineOptions line_options(const GatewayOptions& options) {
  LineOptions line;
  line.seats = options.seats;
  line.admission_rate = options.admission_rate;
  line.admission_burst = static_cast<double>(options.admission_burst);
  line.turn_ttl = options.turn_ttl;
  line.grant_ttl = options.grant_ttl;
  line.heartbeat_ttl = options.heartbeat_ttl;
  line.opening_delay = options.opening_delay;
  line.forget_after = options.forget_events_after;
  line.price = options.price;
  line.currency = options.currency;
  line.any_event = options.any_event();
  line.max_tickets = options.max_tickets;
  return line;
}

}  // namespace

SeatLimits GatewayStores::seat_limits(const GatewayOptions& options) {
  return {.intents_per_reservation = options.max_intents_per_reservation, .keys_per_grant = options.max_keys_per_grant};
}

Result<GatewayStores> GatewayStores::make(const GatewayOptions& options, const core::Clock& clock, GatewayLog& log) {
  if (options.embedded()) {
    EmbeddedStoreOptions store;
    store.line = line_options(options);
    store.max_events = options.max_events;
    SeatInventoryOptions inventory{.seats = options.seats, .hold_ttl = options.hold_ttl};
    inventory.price = options.price;
    inventory.currency = options.currency;
    inventory.intents_per_reservation = options.max_intents_per_reservation;
    // The store is made after the seats, and goes before nobody asks them any more.
    const auto line = std::make_shared<EmbeddedStore*>(nullptr);
    inventory.terms_of = [line,
                          usual = SeatTerms{options.seats, options.price, options.currency}](std::uint64_t event) {
      const auto declared = *line == nullptr ? std::nullopt : (*line)->terms(event);
      return declared ? SeatTerms{declared->seats, declared->price, declared->currency} : usual;
    };
    auto seats = std::make_unique<EmbeddedSeats>(
        std::move(inventory), clock,
        IdempotencyOptions{.max_entries = options.max_keys, .per_grant = options.max_keys_per_grant});
    // The seats are there for as long as anybody ticks the store.
    store.on_forgotten = [&forgetful = *seats](std::uint64_t event) { forgetful.forget(event); };
    auto made = std::make_unique<EmbeddedStore>(std::move(store), clock);
    *line = made.get();
    return GatewayStores{std::move(made), std::move(seats)};
  }
  const auto url = redis::parse_redis_url(options.store);
  if (url.has_error()) return fail("--store: " + url.error().message);
  RedisStoreOptions store;
  store.line = line_options(options);
  store.max_events = options.max_events;
  const std::string position = options.position_used();
  store.position = position == "index"  ? PositionStrategy::kIndex
                   : position == "keys" ? PositionStrategy::kKeys
                                        : PositionStrategy::kWatermark;
  store.command_timeout = options.store_timeout;
  store.facts_interval = options.facts_interval;
  store.wait_replicas = options.store_replicas;
  store.wait_timeout = options.store_replicas_timeout;
  store.buckets = options.line_buckets;
  store.on_failover = [&log](const RedisStoreOptions::Failover& news) {
    log.write(GatewayLog::Level::kWarn, "another server has the line, or it started again",
              {{"event_id", news.event_id}, {"tickets_known_to_be_lost", news.tickets_lost}});
  };
  auto opened = RedisStore::open(*url, std::move(store), clock);
  if (opened.has_error()) return fail("--store: " + opened.error().message);
  auto seats = std::make_unique<RedisSeats>(
      (*opened)->parts(), RedisSeatOptions{.hold_ttl = options.hold_ttl, .limits = seat_limits(options)});
  return GatewayStores{std::move(*opened), std::move(seats)};
}

}  // namespace tacos::gateway
