#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address_v6.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "unit/net/echo_handler.h"
#include "unit/net/raw_client.h"

namespace tacos::net {
namespace {

using ::testing::HasSubstr;
namespace ip = boost::asio::ip;

constexpr std::string_view kWho = "GET /peer HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpServerListenTest : public ::testing::Test {
 protected:
  HttpServerListenTest() {
    std::string name = (std::filesystem::temp_directory_path() / "tacos-listen-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~HttpServerListenTest() override { std::filesystem::remove_all(directory_); }

  core::Result<std::unique_ptr<HttpServer>> start_at(const std::string& text) {
    HttpServerOptions options;
    options.listen = *parse_listen_address(text);
    return HttpServer::start(std::move(options), clock_, [this](boost::asio::io_context& loop, unsigned) {
      return std::make_unique<EchoHandler>(loop, seen_);
    });
  }
  static bool has_ipv6() {
    const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_addr.s6_addr[15] = 1;
    const bool bound = socket >= 0 && ::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    if (socket >= 0) ::close(socket);
    return bound;
  }
  std::string socket_path() const { return directory_ + "/s"; }

  core::ManualClock clock_;
  EchoHandler::Seen seen_;
  std::string directory_;
};

TEST_F(HttpServerListenTest, ServesBothFamiliesOnEveryInterface) {
  for (const char* everywhere : {":0", "[::]:0"}) {
    auto server = start_at(everywhere);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    const std::uint16_t port = (*server)->address().port;
    EXPECT_EQ(RawClient(port).call(kWho).body, "127.0.0.1");
    if (!has_ipv6()) continue;
    EXPECT_EQ((*server)->address().to_string(), "[::]:" + std::to_string(port));
    EXPECT_EQ(RawClient::to(ip::address_v6::loopback(), port).call(kWho).body, "::1");
  }
}

TEST_F(HttpServerListenTest, ServesAllThatLocalhostStandsFor) {
  auto server = start_at("localhost:0");
  ASSERT_TRUE(server.has_value()) << server.error().message;
  EXPECT_EQ((*server)->address().host, "localhost");
  EXPECT_EQ(RawClient((*server)->address().port).call(kWho).body, "127.0.0.1");
}

TEST_F(HttpServerListenTest, KeepsAnIpv6AddressToIpv6) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  auto server = start_at("[::1]:0");
  ASSERT_TRUE(server.has_value()) << server.error().message;
  const std::uint16_t port = (*server)->address().port;
  EXPECT_EQ(RawClient::to(ip::address_v6::loopback(), port).call(kWho).body, "::1");
  EXPECT_THROW(RawClient{port}, boost::system::system_error);
}

TEST_F(HttpServerListenTest, ServesAUnixSocketAndTakesItsFileAway) {
  auto server = start_at("unix:" + socket_path());
  ASSERT_TRUE(server.has_value()) << server.error().message;
  EXPECT_EQ((*server)->address().to_string(), "unix:" + socket_path());
  EXPECT_EQ(RawClient::to_unix(socket_path()).call(kWho).body, "unix");
  struct stat file {};
  ASSERT_EQ(::stat(socket_path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777u, 0660u);
  server->reset();
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

TEST_F(HttpServerListenTest, TakesThePlaceOfASocketThatItsProgramLeftBehind) {
  const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  socket_path().copy(name.sun_path, sizeof name.sun_path - 1);
  ASSERT_EQ(::bind(left, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ::close(left);
  ASSERT_TRUE(std::filesystem::exists(socket_path()));
  auto server = start_at("unix:" + socket_path());
  ASSERT_TRUE(server.has_value()) << server.error().message;
  EXPECT_EQ(RawClient::to_unix(socket_path()).call(kWho).status, 200);
}

TEST_F(HttpServerListenTest, LeavesTheSocketOfAnotherProgramAndOtherFilesAlone) {
  auto first = start_at("unix:" + socket_path());
  ASSERT_TRUE(first.has_value());
  const auto second = start_at("unix:" + socket_path());
  ASSERT_TRUE(second.has_error());
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on unix:" + socket_path() + ": Address already in use"));
  EXPECT_THAT(second.error().message, HasSubstr("choose another path"));
  EXPECT_EQ(RawClient::to_unix(socket_path()).call(kWho).status, 200);

  const std::string file = directory_ + "/file";
  std::ofstream(file) << "kept";
  const auto third = start_at("unix:" + file);
  ASSERT_TRUE(third.has_error());
  EXPECT_THAT(third.error().message, HasSubstr("no socket; remove it or choose another path"));
  EXPECT_EQ(std::filesystem::file_size(file), 4u);

  const auto too_long = start_at("unix:/" + std::string(200, 'x'));
  ASSERT_TRUE(too_long.has_error());
  EXPECT_THAT(too_long.error().message, HasSubstr("the path has 201 bytes, it may have 107 at most"));
}

// A successor that took the path over keeps its file when the first one ends.
TEST_F(HttpServerListenTest, RemovesOnlyItsOwnSocketFile) {
  auto first = start_at("unix:" + socket_path());
  ASSERT_TRUE(first.has_value());
  std::filesystem::remove(socket_path());
  auto second = start_at("unix:" + socket_path());
  ASSERT_TRUE(second.has_value());
  first->reset();
  EXPECT_EQ(RawClient::to_unix(socket_path()).call(kWho).status, 200);
}

}  // namespace
}  // namespace tacos::net
