#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "net/tls_context.h"
#include "support/test_certificate.h"
#include "unit/net/echo_handler.h"

namespace tacos::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using support::TestCertificate;
using ::testing::HasSubstr;

TEST(HttpServerTls, AnswersOverTls) {
  const TestCertificate certificate;
  auto tls = TlsContext::for_server({certificate.certificate_file(), certificate.key_file(), ""});
  ASSERT_TRUE(tls.has_value()) << tls.error().message;
  const core::SteadyClock clock;
  EchoHandler::Seen seen;
  HttpServerOptions options;
  options.tls = *tls;
  auto server = HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen);
  });
  ASSERT_TRUE(server.has_value());

  boost::asio::io_context context;
  ssl::context client_tls(ssl::context::tls_client);
  client_tls.load_verify_file(certificate.certificate_file());
  client_tls.set_verify_mode(ssl::verify_peer);
  ssl::stream<tcp::socket> stream(context, client_tls);
  stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), (*server)->address().port});
  stream.handshake(ssl::stream_base::client);
  std::string answers;
  for (const std::string target : {"/one", "/later", "/three"}) {
    boost::asio::write(stream, boost::asio::buffer("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    const std::size_t size =
        boost::asio::read_until(stream, boost::asio::dynamic_buffer(answers), "GET " + target + " ");
    EXPECT_THAT(answers.substr(0, size), HasSubstr("HTTP/1.1 200 OK"));
    answers.erase(0, size);
  }
  // More than is read in one go: what OpenSSL has decrypted already no poller reports.
  std::string ahead;
  for (int i = 0; i < 2000; ++i) ahead += "GET /ahead HTTP/1.1\r\nHost: a\r\n\r\n";
  boost::asio::write(stream, boost::asio::buffer(ahead + "GET /last HTTP/1.1\r\nHost: a\r\n\r\n"));
  answers.erase(0, boost::asio::read_until(stream, boost::asio::dynamic_buffer(answers), "GET /last "));
  boost::asio::write(stream,
                     boost::asio::buffer(std::string("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")));
  boost::system::error_code error;
  boost::asio::read(stream, boost::asio::dynamic_buffer(answers), error);
  EXPECT_GT(answers.size(), 8u * 1024 * 1024);
  EXPECT_EQ(error, boost::asio::error::eof);
}

TEST(HttpServerTls, HangsUpOnAClientThatDoesNotSpeakTls) {
  const TestCertificate certificate;
  auto tls = TlsContext::for_server({certificate.certificate_file(), certificate.key_file(), ""});
  ASSERT_TRUE(tls.has_value()) << tls.error().message;
  const core::SteadyClock clock;
  EchoHandler::Seen seen;
  HttpServerOptions options;
  options.tls = *tls;
  auto server = HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen);
  });
  ASSERT_TRUE(server.has_value());
  boost::asio::io_context context;
  tcp::socket socket(context);
  socket.connect({boost::asio::ip::address_v4::loopback(), (*server)->address().port});
  boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
  boost::system::error_code error;
  std::string rest;
  boost::asio::read(socket, boost::asio::dynamic_buffer(rest), error);
  EXPECT_TRUE(error);
  EXPECT_EQ((*server)->counts().requests, 0u);
}

// What a client that offers just this gets: the cipher that was agreed on, or "" when the server refuses.
std::string agreed_cipher(std::uint16_t port, int version, const char* ciphers) {
  boost::asio::io_context context;
  ssl::context client_tls(ssl::context::tls_client);
  ::SSL_CTX* const native = client_tls.native_handle();
  // The oldest ciphers are only offered at the lowest security level.
  ::SSL_CTX_set_security_level(native, 0);
  ::SSL_CTX_set_min_proto_version(native, version);
  ::SSL_CTX_set_max_proto_version(native, version);
  if (ciphers != nullptr) {
    EXPECT_EQ(::SSL_CTX_set_cipher_list(native, ciphers), 1) << ciphers;
  }
  ssl::stream<tcp::socket> stream(context, client_tls);
  stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
  boost::system::error_code error;
  stream.handshake(ssl::stream_base::client, error);
  return error ? "" : ::SSL_get_cipher_name(stream.native_handle());
}

TEST(HttpServerTls, AgreesOnForwardSecrecyAndAuthenticatedEncryptionOnly) {
  const TestCertificate certificate("DNS:localhost", TestCertificate::KeyKind::kRsa);
  auto tls = TlsContext::for_server({certificate.certificate_file(), certificate.key_file(), ""});
  ASSERT_TRUE(tls.has_value()) << tls.error().message;
  const core::SteadyClock clock;
  EchoHandler::Seen seen;
  HttpServerOptions options;
  options.tls = *tls;
  auto server = HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen);
  });
  ASSERT_TRUE(server.has_value());
  const std::uint16_t port = (*server)->address().port;
  for (const char* good :
       {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"}) {
    EXPECT_EQ(agreed_cipher(port, TLS1_2_VERSION, good), good);
  }
  for (const char* bad :
       {"AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES256-SHA", "AES128-SHA256", "ECDHE-RSA-AES128-SHA",
        "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256", "AECDH-AES128-SHA", "NULL-SHA256", "AES128-CCM"}) {
    EXPECT_EQ(agreed_cipher(port, TLS1_2_VERSION, bad), "") << bad;
  }
  EXPECT_EQ(agreed_cipher(port, TLS1_1_VERSION, nullptr), "");
  EXPECT_THAT(agreed_cipher(port, TLS1_3_VERSION, nullptr), HasSubstr("TLS_"));
}

// The key that a new connection is shown.
std::string shown_key(std::uint16_t port) {
  boost::asio::io_context context;
  ssl::context client_tls(ssl::context::tls_client);
  ssl::stream<tcp::socket> stream(context, client_tls);
  stream.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
  stream.handshake(ssl::stream_base::client);
  const std::unique_ptr<X509, decltype(&::X509_free)> shown(::SSL_get1_peer_certificate(stream.native_handle()),
                                                            &::X509_free);
  const ASN1_BIT_STRING* const key = ::X509_get0_pubkey_bitstr(shown.get());
  return std::string(reinterpret_cast<const char*>(key->data), static_cast<std::size_t>(key->length));
}

TEST(HttpServerTls, ShowsANewCertificateToNewConnectionsAndKeepsTheOthers) {
  const TestCertificate first;
  const TestCertificate second;
  const core::SteadyClock clock;
  EchoHandler::Seen seen;
  HttpServerOptions options;
  options.tls = *TlsContext::for_server({first.certificate_file(), first.key_file(), ""});
  auto server = HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen);
  });
  ASSERT_TRUE(server.has_value());
  const std::uint16_t port = (*server)->address().port;
  boost::asio::io_context context;
  ssl::context client_tls(ssl::context::tls_client);
  ssl::stream<tcp::socket> open(context, client_tls);
  open.next_layer().connect({boost::asio::ip::address_v4::loopback(), port});
  open.handshake(ssl::stream_base::client);
  const std::string before = shown_key(port);

  (*server)->set_tls(*TlsContext::for_server({second.certificate_file(), second.key_file(), ""}));
  EXPECT_NE(shown_key(port), before);
  EXPECT_EQ(shown_key(port), shown_key(port));
  boost::asio::write(open, boost::asio::buffer(std::string("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")));
  std::string answer;
  boost::asio::read_until(open, boost::asio::dynamic_buffer(answer), "GET /open ");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK"));
}

// A handshake that is not finished holds tens of kilobytes: together they are bounded, and silence costs nothing.
TEST(HttpServerTls, BoundsWhatUnfinishedHandshakesHold) {
  const TestCertificate certificate;
  const core::SteadyClock clock;
  EchoHandler::Seen seen;
  HttpServerOptions options;
  options.tls = *TlsContext::for_server({certificate.certificate_file(), certificate.key_file(), ""});
  options.max_buffered_bytes = 100 * 1024;  // three handshakes
  auto server = HttpServer::start(options, clock, [&](boost::asio::io_context& loop, unsigned) {
    return std::make_unique<EchoHandler>(loop, seen);
  });
  ASSERT_TRUE(server.has_value());
  const std::uint16_t port = (*server)->address().port;
  const auto refused = [&] { return (*server)->counts().refusals[static_cast<std::size_t>(Refusal::kOverBudget)]; };
  boost::asio::io_context context;
  std::vector<tcp::socket> clients;
  const auto open = [&](const std::string& greeting) {
    clients.emplace_back(context).connect({boost::asio::ip::address_v4::loopback(), port});
    boost::asio::write(clients.back(), boost::asio::buffer(greeting));
  };
  for (int i = 0; i < 10; ++i) open("");
  EXPECT_NE(agreed_cipher(port, TLS1_3_VERSION, nullptr), "");
  while ((*server)->counts().buffered_bytes > 0) std::this_thread::yield();  // that handshake is over
  for (int i = 0; i < 4; ++i) open("\x16\x03\x01\x02");
  while (refused() == 0) std::this_thread::yield();
  EXPECT_EQ(refused(), 1u);
  EXPECT_LE((*server)->counts().buffered_bytes, 100u * 1024);
  clients.clear();
  while ((*server)->counts().buffered_bytes > 0) std::this_thread::yield();
  EXPECT_NE(agreed_cipher(port, TLS1_3_VERSION, nullptr), "");
}

TEST(TlsContext, NamesTheFileItCannotUse) {
  const auto tls = TlsContext::for_server({"/nowhere/cert.pem", "/nowhere/key.pem", ""});
  ASSERT_TRUE(tls.has_error());
  EXPECT_THAT(tls.error().message, HasSubstr("cannot use the certificate '/nowhere/cert.pem'"));
}

}  // namespace
}  // namespace tacos::net
