#include "tacos-gateway/http/ticker.h"

#include <chrono>

namespace tacos::gateway {
namespace {

constexpr auto kTick = std::chrono::milliseconds(10);
constexpr std::uint64_t kTicksPerSweep = 10;
constexpr std::uint64_t kTicksPerPing = 25;

}  // namespace

Ticker::Ticker(GatewayServices& services, boost::asio::io_context& loop, SeatSession& seats)
    : services_(services), timer_(loop), session_(services.store.open_session(loop.get_executor())), seats_(seats) {
  ask_whether_store_answers();
  schedule();
}

void Ticker::schedule() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    tick();
    schedule();
  });
}

void Ticker::tick() {
  services_.store.tick();
  ++ticks_;
  if (ticks_ % kTicksPerSweep == 0) sweep_seats();
  if (ticks_ % kTicksPerPing == 0) ask_whether_store_answers();
}

void Ticker::sweep_seats() {
  if (reports_under_way_ > 0) return;  // the holds wait for the next sweep; they are not lost
  const std::vector<SeatChange> changes = seats_.sweep();
  if (changes.empty()) return;
  reports_.assign(changes.size(), StoreCommand{});
  std::vector<StoreCommand*> batch;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    reports_[i].kind = StoreCommand::Kind::kReportInventory;
    reports_[i].ref.event = changes[i].event;
    reports_[i].inventory = changes[i].inventory;
    reports_[i].owner = this;
    reports_[i].done = [](StoreCommand& command) { --static_cast<Ticker*>(command.owner)->reports_under_way_; };
    batch.push_back(&reports_[i]);
  }
  reports_under_way_ = batch.size();
  session_->submit(batch);
}

void Ticker::ask_whether_store_answers() {
  services_.store.ping([&services = services_](core::Result<core::Nanos> result) {
    if (result.has_value()) services.readiness.store_answered(services.clock.now());
  });
}

}  // namespace tacos::gateway
