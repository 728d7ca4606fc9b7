#include "net/server_thread.h"

#include <algorithm>
#include <chrono>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

namespace tacos::net {
namespace {

// One thread runs the loop; other threads only post to it.
constexpr int kOneThread = 1;
constexpr std::size_t kSpareOutputs = 64;
constexpr std::size_t kMaxSpareOutputBytes = 64 * 1024;

// OpenSSL writes to sockets without MSG_NOSIGNAL; a client that has gone must not end the process.
void block_sigpipe() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

struct ServerThread::EndOfTurn {
  using allocator_type = HandlerAllocator<std::byte>;

  ServerThread* thread;

  allocator_type get_allocator() const noexcept { return allocator_type(thread->end_of_turn_memory_); }
  void operator()() const {
    thread->end_of_turn_scheduled_ = false;
    thread->handler_->end_of_turn();
  }
};

ServerThread::ServerThread(ServerResources& resources, const core::Clock& clock)
    : resources_(resources),
      clock_(clock),
      loop_(kOneThread),
      work_(boost::asio::make_work_guard(loop_)),
      sweep_timer_(loop_),
      idle_timer_(loop_),
      drain_timer_(loop_) {
  refresh_date();
}

ServerThread::~ServerThread() {
  loop_.stop();
  join();
  // What a deadline has cut off still has reads under way, whose memory lies in the connections: they must end before
  // the connections do. The handler is still there for those who ask it something on the way.
  for (const auto& connection : connections_) connection->close();
  draining_ = ends_idle_ = true;
  loop_.restart();
  loop_.poll();
  // The handler's store session goes before the exchanges that are still owed, which live in the connections: once it
  // is gone nothing can complete them.
  handler_.reset();
}

void ServerThread::start(const HttpHandlerFactory& make_handler, unsigned number) {
  handler_ = make_handler(loop_, number);
  schedule_sweep();
  thread_ = std::thread([this] { run(); });
}

void ServerThread::run() {
  block_sigpipe();
  loop_.run();
}

void ServerThread::adopt(Arrival arrival) {
  HttpConnection::Socket owned(loop_.get_executor());
  boost::system::error_code error;
  owned.assign({AF_UNSPEC, 0}, arrival.socket, error);  // the protocol matters to open() only
  if (error) {
    ::close(arrival.socket);
    return;
  }
  owned.native_non_blocking(true, error);
  if (error) return;
  load_.fetch_add(1, std::memory_order_relaxed);
  boost::asio::post(loop_, [this, owned = std::move(owned), arrival = std::move(arrival)]() mutable {
    if (draining_) {
      load_.fetch_sub(1, std::memory_order_relaxed);
      return stop_when_empty();
    }
    counters_.accepted.add();
    auto connection = std::make_unique<HttpConnection>(*this, std::move(owned), std::move(arrival));
    connection->index = connections_.size();
    connections_.push_back(std::move(connection));
    connections_.back()->start();
  });
}

void ServerThread::retire(HttpConnection& connection) {
  const std::size_t index = connection.index;
  if (retired_.empty()) {
    boost::asio::post(loop_, [this] { retired_.clear(); });
  }
  retired_.push_back(std::move(connections_[index]));
  if (index + 1 != connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  load_.fetch_sub(1, std::memory_order_relaxed);
  stop_when_empty();
}

std::unique_ptr<std::string> ServerThread::borrow_output() {
  if (spare_outputs_.empty()) {
    auto output = std::make_unique<std::string>();
    output->reserve(kOutputBytes);
    return output;
  }
  auto output = std::move(spare_outputs_.back());
  spare_outputs_.pop_back();
  return output;
}

void ServerThread::give_back_output(std::unique_ptr<std::string> output) {
  if (spare_outputs_.size() >= kSpareOutputs || output->capacity() > kMaxSpareOutputBytes) return;
  output->clear();
  spare_outputs_.push_back(std::move(output));
}

void ServerThread::schedule_end_of_turn() {
  if (end_of_turn_scheduled_) return;
  end_of_turn_scheduled_ = true;
  // Queued behind everything that this wait for events has found ready, so the batch is as large as the moment allows
  // and nobody waits for a batch to fill.
  boost::asio::post(loop_, EndOfTurn{this});
}

void ServerThread::schedule_sweep() {
  sweep_timer_.expires_after(options().sweep_interval);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void ServerThread::sweep() {
  refresh_date();
  const core::Instant now = clock_.now();
  // Backwards, because a connection that ends gives its place to the last one.
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->check_deadline(now);
  // Idle strangers must not keep users out until their time-out.
  for (std::size_t i = connections_.size(); i-- > 0 && is_crowded();) {
    if (!connections_[i]->yields(now)) continue;
    counters_.reclaimed.add();
    connections_[i]->end_idle();
  }
}

// Whether fifteen sixteenths of the connections are in use, by this thread's share of them: they are dealt evenly.
bool ServerThread::is_crowded() const {
  const std::size_t most = options().max_connections;
  return load() * options().threads >= most - most / 16;
}

void ServerThread::refresh_date() {
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (second == date_second_) return;
  date_second_ = second;
  date_ = format_http_date(second);
}

void ServerThread::drain(core::Nanos grace) {
  boost::asio::post(loop_, [this, grace] { begin_drain(grace); });
}

void ServerThread::begin_drain(core::Nanos grace) {
  draining_ = true;
  const core::Nanos listening = std::min(options().drain_idle_timeout, grace / 2);
  if (listening <= core::Nanos(0)) {
    end_idle();
  } else {
    idle_timer_.expires_after(listening);
    idle_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) end_idle();
    });
  }
  drain_timer_.expires_after(grace);
  drain_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    cut_off_ = !connections_.empty();
    loop_.stop();
  });
  stop_when_empty();
}

void ServerThread::cut_off_now() {
  boost::asio::post(loop_, [this] {
    if (!draining_) return;
    cut_off_ = !connections_.empty();
    loop_.stop();
  });
}

void ServerThread::end_idle() {
  ends_idle_ = true;
  for (std::size_t i = connections_.size(); i-- > 0;) connections_[i]->end_idle();
}

void ServerThread::stop_when_empty() {
  if (draining_ && connections_.empty() && load() == 0) loop_.stop();
}

void ServerThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace tacos::net
