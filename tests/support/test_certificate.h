#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tacos::support {
namespace certificate_detail {

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

inline std::filesystem::path fresh_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "tacos-certificate-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("can't make a directory for a test certificate");
  return name;
}

inline Certificate sign_own(EVP_PKEY* key, const std::string& subject_alt_name) {
  Certificate certificate(::X509_new(), &::X509_free);
  X509* const x509 = certificate.get();
  ::X509_set_version(x509, 2);  // counts from 0: version 3, which has extensions
  ::ASN1_INTEGER_set(::X509_get_serialNumber(x509), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(x509), -60);
  ::X509_gmtime_adj(::X509_getm_notAfter(x509), 3600);
  ::X509_set_pubkey(x509, key);
  X509_NAME* const name = ::X509_get_subject_name(x509);
  static constexpr unsigned char kName[] = "tacos test";
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName, -1, -1, 0);
  ::X509_set_issuer_name(x509, name);
  X509_EXTENSION* const names = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name.c_str());
  ::X509_add_ext(x509, names, -1);
  ::X509_EXTENSION_free(names);
  ::X509_sign(x509, key, ::EVP_sha256());
  return certificate;
}

}  // namespace certificate_detail

// A fresh self-signed certificate and its key, as PEM files in a directory that goes with this object. It is its own
// CA.
class TestCertificate {
 public:
  enum class KeyKind { kEc, kRsa };
  // subject_alt_name as OpenSSL writes it: "DNS:localhost,IP:127.0.0.1".
  explicit TestCertificate(const std::string& subject_alt_name = "DNS:localhost,IP:127.0.0.1",
                           KeyKind kind = KeyKind::kEc);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  std::string certificate_file() const { return (directory_ / "cert.pem").string(); }
  std::string key_file() const { return (directory_ / "key.pem").string(); }

 private:
  std::filesystem::path directory_;
};

inline TestCertificate::TestCertificate(const std::string& subject_alt_name, KeyKind kind)
    : directory_(certificate_detail::fresh_directory()) {
  const certificate_detail::Key key(kind == KeyKind::kEc ? ::EVP_EC_gen("P-256") : ::EVP_RSA_gen(2048),
                                    &::EVP_PKEY_free);
  const certificate_detail::Certificate certificate = certificate_detail::sign_own(key.get(), subject_alt_name);
  const certificate_detail::File certificate_out(std::fopen(certificate_file().c_str(), "w"), &std::fclose);
  const certificate_detail::File key_out(std::fopen(key_file().c_str(), "w"), &std::fclose);
  if (!certificate_out || !key_out || ::PEM_write_X509(certificate_out.get(), certificate.get()) != 1 ||
      ::PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw std::runtime_error("can't write a test certificate to " + directory_.string());
  }
}

inline TestCertificate::~TestCertificate() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace tacos::support
