#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Declares the events of the operator's file at the store, and goes on trying while the store is away. At the start an
// event that is declared already keeps its terms, since an operator may have changed them while this gateway was down;
// a reload takes what has changed in the file, and withdraws what the file no longer names, unless it is in use: what
// an operator has changed or withdrawn meanwhile, and the file says as before, stays. Thread rule: declare() and
// replace() from one thread.
class EventDeclarer {
 public:
  // Both must outlive it.
  EventDeclarer(QueueStore& store, GatewayLog& log);
  ~EventDeclarer();

  void declare(const std::vector<EventTerms>& events);
  void replace(const std::vector<EventTerms>& events);

 private:
  // What handlers of the store may come back to after the declarer is gone.
  struct Work;

  void withdraw(const std::string& id);
  static void ask(const std::shared_ptr<Work>& work, const EventTerms& terms, Redeclare how);

  std::shared_ptr<Work> work_;
  std::map<std::string, EventTerms> named_;  // by the file, as it was last read
  std::thread retries_;
};

}  // namespace tacos::gateway
