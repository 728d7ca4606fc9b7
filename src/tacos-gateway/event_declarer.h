#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "tacos-gateway/http/gateway_log.h"
#include "tacos-gateway/store/queue_store.h"

namespace tacos::gateway {

// Declares the events of the operator's file at the store, and goes on trying while the store is away. At the start an
// event that is declared already keeps its terms, since an operator may have changed them while this gateway was down;
// a reload puts the file's in their place, and withdraws what the file no longer names, unless it is in use.
// Thread rule: declare() and replace() from one thread.
class EventDeclarer {
 public:
  // Both must outlive it.
  EventDeclarer(QueueStore& store, GatewayLog& log);
  ~EventDeclarer();

  void declare(const std::vector<EventTerms>& events) { take(events, Redeclare::kKeep); }
  void replace(const std::vector<EventTerms>& events);

 private:
  // What handlers of the store may come back to after the declarer is gone.
  struct Work;

  void take(const std::vector<EventTerms>& events, Redeclare how);
  static void ask(const std::shared_ptr<Work>& work, const EventTerms& terms, Redeclare how);

  std::shared_ptr<Work> work_;
  std::set<std::string> named_;  // by the file, when it was last read
  std::thread retries_;
};

}  // namespace tacos::gateway
