#include "tacos-gateway/redis_seats/redis_seats.h"

#include <utility>

#include "tacos-gateway/redis_seats/redis_seat_session.h"
#include "tacos-gateway/redis_seats/seat_scripts.h"

namespace tacos::gateway {

RedisSeats::RedisSeats(RedisStoreParts& parts, RedisSeatOptions options)
    : parts_(parts), options_(options), scripts_(make_seat_scripts()) {}

std::unique_ptr<SeatSession> RedisSeats::open_session(boost::asio::any_io_executor executor) {
  return std::make_unique<RedisSeatSession>(parts_, options_, scripts_, std::move(executor));
}

}  // namespace tacos::gateway
