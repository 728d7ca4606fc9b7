#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/gateway_fixture.h"

namespace tacos::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class GatewayLifecycleTest : public GatewayFixture {
 protected:
  Gateway::StartError start_error() {
    auto logger = std::make_shared<spdlog::logger>("test");
    GatewayLog log(logger, GatewayLog::Format::kJson, clock);
    auto started = Gateway::start(options, clock, log);
    if (started.has_value()) return {Gateway::Fault::kOptions, "it started"};
    return started.error();
  }

  std::string file_with(const std::string& text) {
    const std::string path = (std::filesystem::temp_directory_path() /
                              ("tacos-lifecycle-" + std::to_string(::getpid()) + "-" + std::to_string(files_.size())))
                                 .string();
    std::ofstream(path) << text;
    files_.push_back(path);
    return path;
  }
  void TearDown() override {
    for (const std::string& path : files_) std::filesystem::remove(path);
  }

 private:
  std::vector<std::string> files_;
};

TEST_F(GatewayLifecycleTest, SaysWhereItListensAndThatItStopped) {
  start();
  EXPECT_THAT(log_text(), HasSubstr(R"("msg":"listening","address":"127.0.0.1:)"));
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  EXPECT_TRUE(shut_down());
  EXPECT_THAT(log_text(), HasSubstr(R"("msg":"shut down","requests":1)"));
}

// A request whose body is still on its way when the shutdown begins is finished, and is the connection's last.
TEST_F(GatewayLifecycleTest, FinishesARequestThatHasBegun) {
  options.threads = 1;  // so that the idle connection's end tells that this thread knows of the shutdown
  start();
  net::RawClient busy = connect();
  busy.send("POST /queue/join HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 16\r\n\r\n");
  ASSERT_EQ(busy.receive(true).status, 100);  // so the server has read the head
  net::RawClient idle = connect();
  ASSERT_EQ(idle.call(request("GET", "/healthz")).status, 200);
  bool all_answered = false;
  std::thread shutting_down([&] { all_answered = shut_down(); });
  EXPECT_TRUE(idle.at_end());
  busy.send(R"({"event_id":"x"})");
  const auto answer = busy.receive();
  shutting_down.join();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(all_answered);
}

TEST_F(GatewayLifecycleTest, TokensOutliveARestartOnlyWithAKeyFileAndNeverTheirLine) {
  options.signing_key_file = file_with(std::string(62, 'a') + "01" + "\n");
  start();
  const std::string token = join("ann").text("waiting_token");
  stop();
  start();
  // The key still verifies; the line is new, so the ticket is not there.
  const Reply gone = status(token);
  EXPECT_EQ(gone.code(), "TOKEN_NOT_FOUND");
  EXPECT_THAT(gone.raw.body, HasSubstr("no ticket belongs to this token"));
}

TEST_F(GatewayLifecycleTest, TellsAWrongOptionFromAWorldThatIsNotAsItShouldBe) {
  start();
  options.listen = gateway().address().to_string();
  const auto in_use = start_error();
  EXPECT_EQ(in_use.fault, Gateway::Fault::kEnvironment);
  EXPECT_THAT(in_use.message, HasSubstr("--listen: cannot listen on " + options.listen + ": Address already in use"));
  options.listen = "127.0.0.1:0";

  options.signing_key_file = "/nowhere/keys";
  EXPECT_THAT(start_error().message, HasSubstr("--signing-key-file: cannot read '/nowhere/keys'"));
  options.signing_key_file = file_with("short\n");
  EXPECT_THAT(start_error().message, HasSubstr("--signing-key-file: line 1 of"));
  EXPECT_EQ(start_error().fault, Gateway::Fault::kOptions);
  options.signing_key_file = file_with("\n");
  EXPECT_THAT(start_error().message, HasSubstr("holds no key"));
  options.signing_key_file.clear();

  options.admin_token.clear();
  options.admin_token_file = file_with("short\n");
  EXPECT_THAT(start_error().message, HasSubstr("the admin token has 5 characters"));
  options.admin_token_file.clear();

  options.tls_cert = options.tls_key = "/nowhere/cert.pem";
  EXPECT_THAT(start_error().message, HasSubstr("cannot use the certificate '/nowhere/cert.pem'"));
}

}  // namespace
}  // namespace tacos::gateway
