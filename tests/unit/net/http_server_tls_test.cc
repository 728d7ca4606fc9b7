#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/clock.h"
#include "net/http_server.h"
#include "net/tls_context.h"
#include "unit/net/echo_handler.h"

namespace tacos::net {
namespace {

namespace ssl = boost::asio::ssl;
using boost::asio::ip::tcp;
using ::testing::HasSubstr;

// A fresh self-signed certificate for "localhost" in a directory that is removed afterwards.
class TestCertificate {
 public:
  TestCertificate() : directory_(std::filesystem::temp_directory_path() / ("tacos-tls-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory_);
    const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(::EVP_EC_gen("P-256"), &::EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::X509_new(), &::X509_free);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -60);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), 3600);
    ::X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = ::X509_get_subject_name(certificate.get());
    static constexpr unsigned char kName[] = "localhost";
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName, -1, -1, 0);
    ::X509_set_issuer_name(certificate.get(), name);
    ::X509_sign(certificate.get(), key.get(), ::EVP_sha256());
    const auto write = [](const std::string& path, auto&& put) {
      const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), &std::fclose);
      put(file.get());
    };
    write(certificate_file(), [&](std::FILE* file) { ::PEM_write_X509(file, certificate.get()); });
    write(key_file(),
          [&](std::FILE* file) { ::PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  ~TestCertificate() { std::filesystem::remove_all(directory_); }

  std::string certificate_file() const { return (directory_ / "cert.pem").string(); }
  std::string key_file() const { return (directory_ / "key.pem").string(); }

 private:
  std::filesystem::path directory_;
};

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

TEST(TlsContext, NamesTheFileItCannotUse) {
  const auto tls = TlsContext::for_server({"/nowhere/cert.pem", "/nowhere/key.pem", ""});
  ASSERT_TRUE(tls.has_error());
  EXPECT_THAT(tls.error().message, HasSubstr("cannot use the certificate '/nowhere/cert.pem'"));
}

}  // namespace
}  // namespace tacos::net
