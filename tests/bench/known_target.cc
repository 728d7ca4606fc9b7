// An HTTP target about which everything is known: what it was told to do, and what it really did. It answers 11 bytes
// at once, after a fixed delay, after a time of serial work, or not at all during pauses. For measuring load
// generators.
//
//   known_target [--port N] [--delay TIME] [--work TIME] [--stall-at TIME --stall-for TIME]
//                [--pause-every TIME --pause-for TIME] [--log FILE]
//
// --delay: each request is held so long; any number of them wait at the same time.
// --work: each request occupies the one thread so long; whatever arrives meanwhile queues, as arithmetic expects.
// --stall-at, --stall-for: one pause of the whole target, so long after its first request.
// --pause-every, --pause-for: the same again and again.
// --log: where to write, for each request in the order of the answers, when it was read and when it was answered: pairs
// of
//   64-bit nanoseconds of CLOCK_MONOTONIC, in the machine's byte order.
//
// OPTIONS, with which a client may open its connections, is answered at once and counted apart.
//
// Prints the port when it listens. On SIGINT or SIGTERM prints one line of JSON: what arrived in each second and tenth
// of a second since the first request, for how long requests were held, and when the pauses began and ended.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/units.h"
#include "measure/histogram.h"
#include "net/descriptor_limit.h"
#include "net/http_server.h"

namespace {

using namespace tacos;
using core::Instant;
using core::Nanos;

struct Behaviour {
  Nanos delay{0};
  Nanos work{0};
  Nanos stall_at{0};
  Nanos stall_for{0};
  Nanos pause_every{0};
  Nanos pause_for{0};
};

struct Times {
  std::int64_t received_ns;
  std::int64_t answered_ns;
};

struct Pause {
  Instant began;
  Instant ended;
};

// What happened, read by main() when the server's thread has ended.
struct Record {
  std::vector<Times> requests;
  std::vector<Pause> pauses;
  std::vector<std::uint64_t> per_tenth;
  measure::Histogram hold;
  Instant first;
  std::uint64_t options_requests = 0;
};

class Target final : public net::HttpHandler {
 public:
  Target(const Behaviour& behaviour, const core::Clock& clock, boost::asio::io_context& loop, Record& record)
      : behaviour_(behaviour), clock_(clock), loop_(loop), record_(record), due_(loop), next_pause_(loop) {
    record_.requests.reserve(1 << 20);
    record_.per_tenth.reserve(4096);
    record_.pauses.reserve(1024);
  }

  void handle(net::HttpExchange& exchange) override {
    // How a generator opens its connections, not load.
    if (exchange.request().method() == net::HttpMethod::kOptions) {
      ++record_.options_requests;
      return respond(exchange, 200);
    }
    count_arrival();
    if (behaviour_.delay > Nanos(0)) {
      waiting_.push_back({exchange.received_at() + behaviour_.delay, &exchange});
      if (waiting_.size() == 1) await_next();
      return;
    }
    // One thread that blocks is one server.
    if (behaviour_.work > Nanos(0)) std::this_thread::sleep_for(behaviour_.work);
    answer(exchange);
  }
  void refuse(net::HttpExchange& exchange, net::Refusal, std::string_view) override { respond(exchange, 400); }

 private:
  struct Waiting {
    Instant due;
    net::HttpExchange* exchange;
  };
  // A timer of the system strikes up to this late. The rest is waited for by polling, between looking at the sockets.
  static constexpr Nanos kPolled = std::chrono::microseconds(80);

  void count_arrival() {
    const Instant now = clock_.now();
    if (record_.first == Instant()) {
      record_.first = now;
      if (behaviour_.stall_for > Nanos(0)) await_pause(now + behaviour_.stall_at, behaviour_.stall_for);
      if (behaviour_.pause_for > Nanos(0)) await_pause(now + behaviour_.pause_every, behaviour_.pause_for);
    }
    const auto tenth = static_cast<std::size_t>((now - record_.first) / std::chrono::milliseconds(100));
    if (tenth >= record_.per_tenth.size()) record_.per_tenth.resize(tenth + 1);
    ++record_.per_tenth[tenth];
  }

  void await_next() {
    const Nanos left = waiting_.front().due - clock_.now();
    if (left <= kPolled) return boost::asio::post(loop_, [this] { answer_due(); });
    due_.expires_after(left - kPolled);
    due_.async_wait([this](const boost::system::error_code& error) {
      if (!error) answer_due();
    });
  }

  void answer_due() {
    while (!waiting_.empty() && waiting_.front().due <= clock_.now()) {
      net::HttpExchange& exchange = *waiting_.front().exchange;
      waiting_.pop_front();
      // May hand over this connection's next request, which then waits behind the others.
      const bool was_empty = waiting_.empty();
      answer(exchange);
      if (was_empty && !waiting_.empty()) return;  // handle() awaits it
    }
    if (!waiting_.empty()) await_next();
  }

  void await_pause(Instant at, Nanos length) {
    next_pause_.expires_after(at - clock_.now());
    next_pause_.async_wait([this, at, length](const boost::system::error_code& error) {
      if (error) return;
      const Instant began = clock_.now();
      std::this_thread::sleep_for(length);
      record_.pauses.push_back({began, clock_.now()});
      if (behaviour_.pause_for > Nanos(0)) await_pause(at + behaviour_.pause_every, length);
    });
  }

  void answer(net::HttpExchange& exchange) {
    const Instant received = exchange.received_at();
    const Instant now = clock_.now();
    record_.hold.record(now - received);
    record_.requests.push_back({received.since_origin().count(), now.since_origin().count()});
    respond(exchange, 200);
  }

  static void respond(net::HttpExchange& exchange, int status) {
    net::HttpResponse response;
    response.status = status;
    response.body = R"({"ok":true})";
    exchange.respond(response);
  }

  const Behaviour behaviour_;
  const core::Clock& clock_;
  boost::asio::io_context& loop_;
  Record& record_;
  std::deque<Waiting> waiting_;
  boost::asio::steady_timer due_;
  boost::asio::steady_timer next_pause_;
};

std::string json_of(const Record& record) {
  std::vector<std::uint64_t> per_second((record.per_tenth.size() + 9) / 10);
  for (std::size_t i = 0; i < record.per_tenth.size(); ++i) per_second[i / 10] += record.per_tenth[i];
  std::vector<std::string> pauses;
  for (const Pause& pause : record.pauses) {
    pauses.push_back(fmt::format("[{}, {}]", pause.began.since_origin().count(), pause.ended.since_origin().count()));
  }
  const auto held = [&](double percentile) { return core::to_millis(record.hold.percentile(percentile)); };
  return fmt::format(
      R"({{"requests": {}, "options_requests": {}, "first_ns": {}, "per_second": [{}], "per_tenth": [{}], )"
      R"("hold_ms": {{"mean": {}, "p50": {}, "p90": {}, "p99": {}, "p99_9": {}, "max": {}}}, "pauses_ns": [{}]}})",
      record.requests.size(), record.options_requests, record.first.since_origin().count(), fmt::join(per_second, ", "),
      fmt::join(record.per_tenth, ", "), record.hold.mean_ns() / 1e6, held(50), held(90), held(99), held(99.9),
      core::to_millis(record.hold.max()), fmt::join(pauses, ", "));
}

bool write_log(const std::string& path, const std::vector<Times>& requests) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool whole = std::fwrite(requests.data(), sizeof(Times), requests.size(), file) == requests.size();
  return std::fclose(file) == 0 && whole;
}

int wrong_usage(const std::string& what) {
  fmt::print(stderr, "known_target: {}; the top of known_target.cc lists the options\n", what);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  net::HttpServerOptions options;
  Behaviour behaviour;
  std::string log;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    if (i + 1 == argc) return wrong_usage(flag + " needs a value");
    const std::string value = argv[i + 1];
    Nanos* time = nullptr;
    if (flag == "--delay") time = &behaviour.delay;
    if (flag == "--work") time = &behaviour.work;
    if (flag == "--stall-at") time = &behaviour.stall_at;
    if (flag == "--stall-for") time = &behaviour.stall_for;
    if (flag == "--pause-every") time = &behaviour.pause_every;
    if (flag == "--pause-for") time = &behaviour.pause_for;
    if (time != nullptr) {
      const auto parsed = core::parse_duration(value);
      if (!parsed) return wrong_usage(flag + ": '" + value + "' is not a duration");
      *time = *parsed;
    } else if (flag == "--port") {
      options.listen.port = static_cast<std::uint16_t>(std::atoi(value.c_str()));
    } else if (flag == "--log") {
      log = value;
    } else {
      return wrong_usage("no option " + flag);
    }
  }
  if (behaviour.pause_for > Nanos(0) && behaviour.pause_every <= behaviour.pause_for) {
    return wrong_usage("--pause-every must be longer than --pause-for");
  }
  net::raise_descriptor_limit();
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const core::SteadyClock clock;
  Record record;
  const auto server = net::HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<Target>(behaviour, clock, loop, record);
  });
  if (!server) {
    fmt::print(stderr, "known_target: {}\n", server.error().message);
    return 3;
  }
  fmt::print("{}\n", (*server)->address().port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->shut_down(std::chrono::seconds(1));
  if (!log.empty() && !write_log(log, record.requests)) {
    fmt::print(stderr, "known_target: cannot write {}\n", log);
    return 3;
  }
  fmt::print("{}\n", json_of(record));
  return 0;
}
