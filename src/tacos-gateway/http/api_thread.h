#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/random.h"
#include "tacos-gateway/http/answer_writer.h"
#include "tacos-gateway/http/api_exchange.h"
#include "tacos-gateway/http/gateway_services.h"
#include "tacos-gateway/http/json_body.h"
#include "tacos-gateway/http/loop_mailbox.h"
#include "tacos-gateway/token/assertion.h"

namespace tacos::gateway {

// The tools of one server thread that its routes share: the way into the store, the reader of bodies, the signer of
// tokens, the writer of answers. Used by that thread alone.
class ApiThread {
 public:
  ApiThread(GatewayServices& services, boost::asio::io_context& loop, unsigned number,
            std::unique_ptr<TicketSigner> signer);
  ~ApiThread();

  GatewayServices& services() { return services_; }
  JsonBody& json() { return json_; }
  SeatSession& seats() { return *seats_; }
  TicketSigner& signer() { return *signer_; }
  // Null with --identity open.
  AssertionVerifier* assertions() { return assertions_; }
  AnswerWriter& answer() { return answer_; }
  // For trace ids and the jitter of Retry-After, which strangers see: nothing secret comes from it.
  core::Random& random() { return random_; }
  ThreadMetrics& metrics() { return metrics_; }
  boost::asio::io_context& loop() { return loop_; }
  // For what the store calls back on any thread: brings it to this one, or drops it when this one has ended.
  std::shared_ptr<LoopMailbox> mailbox() { return mailbox_; }

  // Adds to the batch that submit_batch() hands over at the end of the turn. command.done and owner are set.
  void ask_store(StoreCommand& command) {
    batch_.push_back(&command);
    if (!collecting_) submit_soon();
  }
  // While one lives, whoever made it will see to the batch. Otherwise, as in the completion of a store that answers
  // later, a turn of its own is asked for.
  class Collecting {
   public:
    explicit Collecting(ApiThread& thread) : thread_(thread), before_(std::exchange(thread.collecting_, true)) {}
    ~Collecting() { thread_.collecting_ = before_; }
    Collecting(const Collecting&) = delete;
    Collecting& operator=(const Collecting&) = delete;

   private:
    ApiThread& thread_;
    const bool before_;
  };
  bool has_batch() const { return !batch_.empty(); }
  // Also submits what the completions ask in turn.
  void submit_batch();

  // Keeps an operator's change: in the audit list, and as a line of the log.
  void audit(ApiExchange& exchange, std::string_view action, std::string_view event_id, std::string from,
             std::string to);

  // Reads the request's body, answering MALFORMED_JSON when it is not a JSON object.
  bool read_body(ApiExchange& exchange);
  // The token behind "Authorization: Bearer ", empty when there is none.
  static std::string_view bearer_of(const net::HttpRequest& request);
  // Takes %XX out of a query value; what it returns is valid until the next call.
  std::string_view percent_decoded(std::string_view text);

 private:
  void submit_soon();

  GatewayServices& services_;
  boost::asio::io_context& loop_;
  ThreadMetrics& metrics_;
  std::unique_ptr<StoreSession> session_;
  std::unique_ptr<SeatSession> seats_;
  std::unique_ptr<TicketSigner> signer_;
  AssertionVerifier* const assertions_;
  std::shared_ptr<LoopMailbox> mailbox_;
  core::Random random_;
  JsonBody json_;
  AnswerWriter answer_;
  std::vector<StoreCommand*> batch_;
  std::vector<StoreCommand*> submitted_;
  std::string decoded_;
  bool collecting_ = false;
  bool submit_posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // gone with this, unlike what is posted to the loop
};

// Event ids: 1 to 64 of A-Z a-z 0-9 . _ : -
bool is_event_id(std::string_view text);

}  // namespace tacos::gateway
