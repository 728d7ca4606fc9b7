// What stands between operators and the gateway: the guard of /admin, the thread that gathers their reports, the writer
// of the log, the sign of life of the server threads.
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <signal.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "tacos-gateway/http/admin_guard.h"
#include "tacos-gateway/http/log_writer.h"
#include "tacos-gateway/http/loop_progress.h"
#include "tacos-gateway/http/operator_reports.h"
#include "tacos-gateway/process/service_notifier.h"
#include "tacos-gateway/process/signal_loop.h"
#include "tacos-gateway/random/secure_random.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(AdminGuard, LetsAnAddressBeWrongFiveTimesAndThenOnceASecond) {
  core::ManualClock clock;
  AdminGuard guard;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 0ns) << i;
    guard.failed("10.0.0.1", clock.now());
  }
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 1s);
  EXPECT_EQ(guard.must_wait("10.0.0.2", clock.now()), 0ns) << "another address is not concerned";
  clock.advance(999ms);
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 1ms);
  clock.advance(1ms);
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 0ns);
  guard.failed("10.0.0.1", clock.now());
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 1s);
  clock.advance(5s);
  for (int i = 0; i < 5; ++i) guard.failed("10.0.0.1", clock.now());
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 1s) << "all is forgiven after five seconds";
}

TEST(AdminGuard, TakesAnIPv6NetworkForOneAddress) {
  core::ManualClock clock;
  AdminGuard guard;
  for (int i = 0; i < 5; ++i) guard.failed("2001:db8::" + std::to_string(i + 1), clock.now());
  EXPECT_EQ(guard.must_wait("2001:db8::ffff", clock.now()), 1s);
  EXPECT_EQ(guard.must_wait("2001:db8:0:1::1", clock.now()), 0ns);
  for (int i = 0; i < 5; ++i) guard.failed("::ffff:10.0.0.1", clock.now());
  EXPECT_EQ(guard.must_wait("10.0.0.1", clock.now()), 1s);
}

TEST(AdminGuard, RemembersABoundedNumberOfAddresses) {
  core::ManualClock clock;
  AdminGuard guard;
  for (std::size_t i = 0; i < AdminGuard::kMostAddresses + 1000; ++i) guard.failed(std::to_string(i), clock.now());
  EXPECT_EQ(guard.addresses(), AdminGuard::kMostAddresses);
}

// A store whose snapshots a test can hold back and count.
class CountedStore final : public QueueStore {
 public:
  std::unique_ptr<StoreSession> open_session(boost::asio::any_io_executor) override { return nullptr; }
  void tick() override {}
  void control(EventControl, std::function<void(core::Result<std::size_t>)>) override {}
  void snapshot(std::function<void(core::Result<std::vector<EventSnapshot>>)> handler) override {
    ++snapshots;
    while (held) std::this_thread::yield();
    handler(std::vector<EventSnapshot>(3));
  }
  void ping(std::function<void(core::Result<core::Nanos>)>) override {}
  void declare(EventTerms, Redeclare, std::function<void(core::Result<Declared>)>) override {}
  void withdraw(std::string, bool, std::function<void(core::Result<Withdrawn>)>) override {}

  std::atomic<int> snapshots{0};
  std::atomic<bool> held{false};
};

TEST(OperatorReports, ThoseWhoAskMeanwhileShareTheNextReport) {
  CountedStore store;
  std::atomic<int> pages{0};
  OperatorReports reports(store, [&](const OperatorReports::Snapshots& events) {
    ++pages;
    return std::to_string(events->size()) + " events";
  });
  store.held = true;
  std::promise<std::string> first;
  ASSERT_TRUE(reports.ask_page([&](const OperatorReports::Page& page) { first.set_value(*page); }));
  while (store.snapshots == 0) std::this_thread::yield();
  std::atomic<int> answered{0};
  for (std::size_t i = 0; i < OperatorReports::kMostWaiting; ++i) {
    ASSERT_TRUE(reports.ask_page([&](const OperatorReports::Page&) { ++answered; }));
  }
  EXPECT_FALSE(reports.ask_page([](const OperatorReports::Page&) {})) << "there is a bound";
  store.held = false;
  EXPECT_EQ(first.get_future().get(), "3 events");
  while (answered < static_cast<int>(OperatorReports::kMostWaiting)) std::this_thread::yield();
  EXPECT_EQ(pages, 2);
}

TEST(OperatorReports, SnapshotsDoNotWaitForThePauseBetweenPages) {
  CountedStore store;
  OperatorReports reports(store, [](const OperatorReports::Snapshots&) {
    const auto end = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    return std::string("page");
  });
  std::promise<void> page;
  ASSERT_TRUE(reports.ask_page([&](const OperatorReports::Page&) { page.set_value(); }));
  page.get_future().get();
  std::promise<std::size_t> events;
  std::atomic<bool> second_page{false};
  ASSERT_TRUE(reports.ask_page([&](const OperatorReports::Page&) { second_page = true; }));
  ASSERT_TRUE(reports.ask_snapshots([&](const OperatorReports::Snapshots& all) { events.set_value(all->size()); }));
  EXPECT_EQ(events.get_future().get(), 3u);
  EXPECT_FALSE(second_page) << "it is due 400 ms after the first";
}

TEST(LoopProgress, ALoopThatDoesNotTurnIsFoundOut) {
  boost::asio::io_context one, two;
  LoopProgress progress;
  progress.watch(std::make_shared<LoopMailbox>(one));
  progress.watch(std::make_shared<LoopMailbox>(two));
  EXPECT_TRUE(progress.ask()) << "nothing was asked before";
  one.poll();
  EXPECT_FALSE(progress.ask());
  one.restart();
  EXPECT_EQ(one.poll(), 1u);
  two.poll();
  one.restart();
  EXPECT_TRUE(progress.ask());
}

std::string drop_line(std::uint64_t dropped) {
  return std::to_string(dropped) + " dropped";
}

class LogFile {
 public:
  LogFile() : path_(::testing::TempDir() + "tacos-log-" + std::to_string(::getpid())) {
    std::filesystem::remove(path_);
  }
  ~LogFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }
  std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

 private:
  std::string path_;
};

TEST(LogWriter, WritesInOrderAndAppends) {
  LogFile file;
  std::ofstream(file.path()) << "before\n";
  {
    LogWriter writer(&drop_line);
    ASSERT_TRUE(writer.open(file.path()).has_value());
    for (int i = 0; i < 3; ++i) writer.write(std::to_string(i));
  }
  EXPECT_EQ(file.text(), "before\n0\n1\n2\n");
  LogWriter writer(&drop_line);
  EXPECT_THAT(writer.open("/nowhere/log").error().message,
              HasSubstr("--log-file: cannot append to '/nowhere/log': No such file"));
}

TEST(LogWriter, DropsRatherThanWaitsWhenNobodyReadsAndTellsLater) {
  LogFile file;
  ASSERT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
  const int reading = ::open(file.path().c_str(), O_RDONLY | O_NONBLOCK);
  LogWriter writer(&drop_line);
  ASSERT_TRUE(writer.open(file.path()).has_value());
  const std::string line(1000, 'x');
  // The ring holds 1 MiB, the pipe 64 KiB at first, and one line may be on its way.
  for (int i = 0; i < 2000; ++i) writer.write(line);
  EXPECT_GE(writer.dropped(), 2000u - 1048u - 66u - 1u);
  EXPECT_FALSE(writer.flush_within(1ms));
  std::string read;
  char block[65536];
  while (read.find(" dropped\n") == std::string::npos) {
    const ssize_t got = ::read(reading, block, sizeof block);
    if (got > 0) read.append(block, static_cast<std::size_t>(got));
  }
  ::close(reading);
}

// A file that may grow to this size and no further: the same as a disk that is full, with another errno.
class FullDisk {
 public:
  explicit FullDisk(rlim_t most) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    set(most);
  }
  ~FullDisk() { set(before_.rlim_cur); }
  void set(rlim_t most) const {
    const rlimit limit{most, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

 private:
  rlimit before_{};
};

TEST(LogWriter, OfALineThatAFullDiskTearsNothingStays) {
  LogFile file;
  LogWriter writer(&drop_line);
  ASSERT_TRUE(writer.open(file.path()).has_value());
  writer.write("first");
  ASSERT_TRUE(writer.flush_within(10s));
  {
    const FullDisk disk(12);
    writer.write("this line does not fit");
    ASSERT_TRUE(writer.flush_within(10s));
    EXPECT_EQ(file.text(), "first\n");
    writer.write("neither does this line");
    ASSERT_TRUE(writer.flush_within(10s));
    EXPECT_EQ(file.text(), "first\n") << "nor is the line that tells left in half";
    disk.set(4096);
    writer.write("last");
    ASSERT_TRUE(writer.flush_within(10s));
  }
  EXPECT_EQ(file.text(), "first\n2 dropped\nlast\n");
}

TEST(LogWriter, EndsTheHalfLineThatItFindsInItsFile) {
  LogFile file;
  std::ofstream(file.path()) << "whole\nhal";
  LogWriter writer(&drop_line);
  ASSERT_TRUE(writer.open(file.path()).has_value());
  writer.write("next");
  writer.write("last");
  ASSERT_TRUE(writer.flush_within(10s));
  EXPECT_EQ(file.text(), "whole\nhal\nnext\nlast\n");
}

// A service manager's end of the socket.
class ManagersSocket {
 public:
  ManagersSocket() : path_(::testing::TempDir() + "tacos-notify-" + std::to_string(::getpid())) {
    std::filesystem::remove(path_);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~ManagersSocket() {
    ::close(socket_);
    std::filesystem::remove(path_);
  }
  const std::string& path() const { return path_; }
  // All that has been told, one a line.
  std::string hear() const {
    std::string all;
    char block[256];
    for (ssize_t got; (got = ::recv(socket_, block, sizeof block, 0)) > 0;) {
      const std::string state(block, static_cast<std::size_t>(got));
      all += state.substr(0, state.find('\n')) + "\n";
    }
    return all;
  }

 private:
  std::string path_;
  int socket_ = -1;
};

TEST(ServiceNotifier, TellsAgainWhatAFullQueueDidNotTakeAndDropsOnlySignsOfLife) {
  const ManagersSocket manager;
  ServiceNotifier notifier({{"NOTIFY_SOCKET", manager.path()}});
  notifier.ready();
  EXPECT_FALSE(notifier.has_untold());
  EXPECT_EQ(manager.hear(), "READY=1\n");
  for (int i = 0; i < 10'000; ++i) notifier.alive();
  EXPECT_FALSE(notifier.has_untold());
  notifier.reloading();
  notifier.ready();
  notifier.reloading();
  notifier.ready();
  EXPECT_TRUE(notifier.has_untold());
  EXPECT_FALSE(notifier.tell_again()) << "the queue is full still";
  EXPECT_THAT(manager.hear(), HasSubstr("WATCHDOG=1\n"));
  EXPECT_TRUE(notifier.tell_again());
  EXPECT_EQ(manager.hear(), "RELOADING=1\nREADY=1\n") << "the latest of each, in order";
  for (int i = 0; i < 10'000; ++i) notifier.alive();
  notifier.ready();
  notifier.stopping();
  manager.hear();
  EXPECT_TRUE(notifier.tell_again());
  EXPECT_EQ(manager.hear(), "STOPPING=1\n");
}

TEST(SignalLoop, TakesWhatCameBeforeItWasMade) {
  hold_signals();
  ::raise(SIGHUP);
  EXPECT_EQ(SignalLoop().wait(10s), SIGHUP);
}

TEST(LogWriter, ItsEndDoesNotWaitForAReaderThatDoesNotRead) {
  LogFile file;
  ASSERT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
  const int reading = ::open(file.path().c_str(), O_RDONLY | O_NONBLOCK);
  const auto began = std::chrono::steady_clock::now();
  {
    LogWriter writer(&drop_line);
    ASSERT_TRUE(writer.open(file.path()).has_value());
    for (int i = 0; i < 2000; ++i) writer.write(std::string(1000, 'x'));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2 * LogWriter::kFlushPatience + 5s);
  ::close(reading);
}

TEST(LogWriter, CountsWhatFindsNoReader) {
  LogFile file;
  ASSERT_EQ(::mkfifo(file.path().c_str(), 0600), 0);
  const int reading = ::open(file.path().c_str(), O_RDONLY | O_NONBLOCK);
  LogWriter writer(&drop_line);
  ASSERT_TRUE(writer.open(file.path()).has_value());
  ::close(reading);
  writer.write("lost");
  EXPECT_TRUE(writer.flush_within(10s));
  EXPECT_EQ(writer.dropped(), 1u);
  EXPECT_THAT(writer.open(file.path()).error().message, HasSubstr("it is a pipe that nobody reads"));
}

core::Result<void> count_up(std::span<unsigned char> into) {
  static unsigned char next = 0;
  for (unsigned char& byte : into) byte = next++;
  return {};
}

core::Result<void> have_none(std::span<unsigned char>) {
  return core::fail("the system has none");
}

TEST(SecureRandom, GivesEachByteOnceWhateverTheSizes) {
  SecureRandom random(&count_up);
  std::vector<unsigned char> all;
  for (std::size_t size = 1; size < 70; ++size) {
    std::vector<unsigned char> some(size);
    random.fill(some);
    all.insert(all.end(), some.begin(), some.end());
  }
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<unsigned char>(i)) << i;
}

TEST(SecureRandomDeathTest, EndsTheProcessRatherThanGiveZeros) {
  EXPECT_DEATH(SecureRandom(&have_none).next(), "the system has none; it ends here");
}

}  // namespace
}  // namespace tacos::gateway
