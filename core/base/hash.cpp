#include "core/base/hash.h"

#include <fstream>
#include <memory>
#include <vector>

#include <openssl/evp.h>

#include "core/base/error.h"

namespace sojourn {

namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    check(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  }

  void add(std::string_view data) {
    check(EVP_DigestUpdate(context_.get(), data.data(), data.size()));
  }

  Sha256Digest finish() {
    Sha256Digest digest{};
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    return digest;
  }

 private:
  static void check(int ok) {
    if (ok != 1) throw Error(ErrorKind::kInternal, "SHA-256", "the crypto library failed");
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string hexadecimal(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

Sha256Digest sha256_bytes(std::string_view data) {
  Sha256 hash;
  hash.add(data);
  return hash.finish();
}

std::string sha256(std::string_view data) { return hexadecimal(sha256_bytes(data)); }

std::string sha256_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw input_error(file.string(), "can't be opened for reading");
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    hash.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (in.bad()) throw input_error(file.string(), "can't be read");
  return hexadecimal(hash.finish());
}

}  // namespace sojourn
