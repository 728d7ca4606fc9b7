#include "support/scripted_server.h"

#include <condition_variable>
#include <mutex>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace tacos::support {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Script Script::answer(const std::string& body, int status, const std::string& headers) {
  Script script;
  script.bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n" + headers + "\r\n" + body;
  return script;
}

SelfSigned SelfSigned::make() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const unsigned char common_name[] = "localhost";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  char alternatives[] = "DNS:localhost,IP:127.0.0.1";
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives), &X509_EXTENSION_free);
  X509_add_ext(certificate.get(), extension.get(), -1);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::unique_ptr<BIO, decltype(&BIO_free)> certificate_text(BIO_new(BIO_s_mem()), &BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key_text(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

struct ScriptedServer::State {
  explicit State(Handler handle) : handler(std::move(handle)) {}

  Handler handler;
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::unique_ptr<asio::ssl::context> tls;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<int> sockets;  // open ones, to be shut down at the end
  int serving = 0;
  bool stopping = false;

  template <class Stream>
  void serve(Stream& stream, tcp::socket& socket) {
    std::string data;
    for (int number = 1;; ++number) {
      error_code error;
      const std::size_t head = asio::read_until(stream, asio::dynamic_buffer(data), "\r\n\r\n", error);
      if (error) return;
      ReceivedRequest request{data.substr(0, head), {}, number};
      data.erase(0, head);
      std::size_t length = 0;
      if (const auto at = request.head.find("Content-Length: "); at != std::string::npos) {
        length = std::stoul(request.head.substr(at + 16));
      }
      while (data.size() < length && !error) {
        char more[4096];
        data.append(more, stream.read_some(asio::buffer(more), error));
      }
      if (error) return;
      request.body = data.substr(0, length);
      data.erase(0, length);
      if (!play(handler(request), stream, socket)) return;
    }
  }

  template <class Stream>
  bool play(const Script& script, Stream& stream, tcp::socket& socket) {
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, script.delay, [&] { return stopping; })) return false;
    lock.unlock();
    error_code error;
    if (!script.bytes.empty()) asio::write(stream, asio::buffer(script.bytes), error);
    if (error) return false;
    if (script.then == Script::Then::kReset) socket.set_option(asio::socket_base::linger(true, 0), error);
    if (script.then == Script::Then::kHang) {
      lock.lock();
      changed.wait(lock, [&] { return stopping; });
      return false;
    }
    return script.then == Script::Then::kKeep;
  }

  void run(tcp::socket socket) {
    const int handle = socket.native_handle();
    if (tls) {
      asio::ssl::stream<tcp::socket&> stream(socket, *tls);
      error_code error;
      stream.handshake(asio::ssl::stream_base::server, error);
      if (!error) serve(stream, socket);
    } else {
      serve(socket, socket);
    }
    const std::lock_guard lock(mutex);
    std::erase(sockets, handle);
    socket.close();
    --serving;
    changed.notify_all();
  }
};

ScriptedServer::ScriptedServer(Handler handler, const SelfSigned* tls)
    : state_(std::make_shared<State>(std::move(handler))) {
  if (tls != nullptr) {
    state_->tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    state_->tls->use_certificate_chain(asio::buffer(tls->certificate));
    state_->tls->use_private_key(asio::buffer(tls->key), asio::ssl::context::pem);
  }
  acceptor_ = std::thread([this] { accept_loop(); });
}

void ScriptedServer::accept_loop() {
  for (;;) {
    error_code error;
    tcp::socket socket = state_->acceptor.accept(error);
    const std::lock_guard lock(state_->mutex);
    if (error || state_->stopping) return;
    ++connections_;
    ++state_->serving;
    state_->sockets.push_back(socket.native_handle());
    std::thread([state = state_, moved = std::move(socket)]() mutable { state->run(std::move(moved)); }).detach();
  }
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const int socket : state_->sockets) ::shutdown(socket, SHUT_RDWR);
    state_->changed.notify_all();
  }
  ::shutdown(state_->acceptor.native_handle(), SHUT_RDWR);
  acceptor_.join();
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->serving == 0; });
}

std::uint16_t ScriptedServer::port() const {
  return state_->acceptor.local_endpoint().port();
}

}  // namespace tacos::support
