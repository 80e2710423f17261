// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 (FIPS 180-4), as libcrypto computes it: how a program knows a file again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arsis {

using Sha256Digest = std::array<uint8_t, 32>;

/// The digest of bytes that come in pieces.
class Sha256 {
public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  /// REQUIRES: not called before; no piece follows.
  Sha256Digest finish();

private:
  struct State;
  std::unique_ptr<State> state;
};

Sha256Digest sha256(std::string_view bytes);

/// Two lower case digits per byte.
std::string toHex(const Sha256Digest &digest);
/// Back; nothing for any other text.
std::optional<Sha256Digest> sha256OfHex(std::string_view text);

/// The value of a lower case hexadecimal digit, or -1.
constexpr int hexDigit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

} // namespace arsis
