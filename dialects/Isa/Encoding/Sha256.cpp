// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Sha256.h.
#include "dialects/Isa/Encoding/Sha256.h"

#include "dialects/Isa/Encoding/Error.h"

#include <openssl/evp.h>

namespace arsis {

struct Sha256::State {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

static void check(int status) {
  if (status != 1)
    throw Error("libcrypto does not compute SHA-256");
}

Sha256::Sha256() : state(new State) { check(EVP_DigestInit_ex(state->context, EVP_sha256(), nullptr)); }
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(state->context, bytes.data(), bytes.size()));
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  check(EVP_DigestFinal_ex(state->context, digest.data(), nullptr));
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

std::string toHex(const Sha256Digest &digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<Sha256Digest> sha256OfHex(std::string_view text) {
  Sha256Digest digest;
  if (text.size() != 2 * digest.size())
    return std::nullopt;
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = hexDigit(text[2 * i]), low = hexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    digest[i] = uint8_t(high << 4 | low);
  }
  return digest;
}

} // namespace arsis
