#include "tacos-plan/redis/redis_load.h"

#include <algorithm>
#include <cmath>

namespace tacos::plan {
namespace {

double command_cpu_us(Command command, double users, const CommandCosts& costs) {
  const double growth = std::log2(std::max(users, 2.0)) / std::log2(std::max(costs.measured_at_users, 2.0));
  switch (command) {
    case Command::kHget:
      return costs.hget;
    case Command::kHset:
      return costs.hset;
    case Command::kHmgetState:
      return costs.hmget_state;
    case Command::kHincrby:
      return costs.hincrby;
    case Command::kZrank:
      return costs.zrank * growth;
    case Command::kZaddUpdate:
      return costs.zadd_update * growth;
    case Command::kZaddNew:
      return costs.zadd_new * growth;
    case Command::kZrem:
      return costs.zrem * growth;
    case Command::kKeys:
      return costs.keys_per_key * users;
  }
  return 0;
}

double commands_in(const RedisOperation& operation) {
  double commands = 0;
  for (const RedisOperation::Step& step : operation.steps) commands += step.times;
  return commands;
}

double requests_of(const RedisOperation& operation) {
  return operation.script ? 1 : commands_in(operation);
}

}  // namespace

std::vector<RedisOperation> redis_operations(const LoadParameters& parameters) {
  using enum Command;
  std::vector<RedisOperation> operations = {
      {.name = "join", .per_second = parameters.joins_per_second, .steps = {{kHget}, {kHincrby}, {kHset}, {kZaddNew}}},
      {.name = "status", .per_second = parameters.statuses_per_second, .steps = {{kHmgetState}, {kZaddUpdate}}},
      {.name = "heartbeat", .per_second = parameters.heartbeats_per_second, .script = false, .steps = {{kZaddUpdate}}},
      {.name = "admission",
       .per_second = parameters.admissions_per_second,
       .steps = {{kHmgetState}, {kHset}, {kHincrby, 2}, {kZrem}}},
  };
  RedisOperation& join = operations[0];
  RedisOperation& status = operations[1];
  RedisOperation& admission = operations[3];
  switch (parameters.strategy) {
    case PositionStrategy::kIndex:
      join.steps.push_back({kZaddNew});
      status.steps.push_back({kZrank});
      admission.steps.push_back({kZrem});
      break;
    case PositionStrategy::kKeys:
      // Nine requests for a status, as the original's published gateway makes them.
      status.script = false;
      status.steps = {{kKeys}, {kHget, 6}, {kHset, 2}};
      break;
    case PositionStrategy::kWatermark:
      break;
  }
  return operations;
}

double operation_cpu_us(const RedisOperation& operation, const LoadParameters& parameters, const CommandCosts& costs) {
  const double together = std::max(parameters.requests_together, 1.0);
  const double request = costs.request_in_batch + (costs.request_alone - costs.request_in_batch) / together;
  double cpu_us = requests_of(operation) * request;
  if (operation.script) cpu_us += costs.script + commands_in(operation) * costs.script_call;
  for (const RedisOperation::Step& step : operation.steps) {
    cpu_us += step.times * command_cpu_us(step.command, static_cast<double>(parameters.users), costs);
  }
  return cpu_us;
}

RedisLoad redis_load(const LoadParameters& parameters, const CommandCosts& costs) {
  RedisLoad load;
  for (const RedisOperation& operation : redis_operations(parameters)) {
    const double cpu_us = operation_cpu_us(operation, parameters, costs);
    const double share = operation.per_second * cpu_us * 1e-6;
    load.operations.push_back(
        {.name = operation.name, .per_second = operation.per_second, .cpu_us_each = cpu_us, .cpu_share = share});
    load.requests_per_second += operation.per_second * requests_of(operation);
    load.commands_per_second += operation.per_second * commands_in(operation);
    load.cpu_share += share;
  }
  return load;
}

}  // namespace tacos::plan
