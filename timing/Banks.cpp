// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Banks.h.
#include "timing/Banks.h"

#include <algorithm>
#include <vector>

namespace arsis::timing {
namespace {

int64_t modulo(int64_t value, int64_t divisor) {
  const int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

} // namespace

Banks::Banks(int64_t banks, int64_t widthBytes) : banks(banks), widthBytes(widthBytes) {}

Banks::Banks(const chip::Chip &chip)
    : Banks(chip.integer("scratchpad.banks"), chip.integer("scratchpad.bank_width_bytes")) {}

BankUse Banks::use(int64_t n, int64_t strideBytes, int64_t elementBytes, int64_t start) const {
  if (n <= 0)
    return {};
  if (n == 1)
    strideBytes = 0;
  if (strideBytes < 0) { // the same bytes from the other end
    start += (n - 1) * strideBytes;
    strideBytes = -strideBytes;
  }
  start = modulo(start, widthBytes);
  // From this stride on no two elements share a word, and a stride longer by all banks changes nothing.
  const int64_t apart = widthBytes + elementBytes - 1;
  if (strideBytes > apart)
    strideBytes = apart + (strideBytes - apart) % (banks * widthBytes);
  return memo.get({n, strideBytes, elementBytes, start},
                  [&] { return enumerate(n, strideBytes, elementBytes, start); });
}

BankUse Banks::enumerate(int64_t n, int64_t stride, int64_t elementBytes, int64_t start) const {
  std::vector<int64_t> inBank(static_cast<size_t>(banks));
  BankUse use;
  int64_t counted = -1; // words up to this one; addresses rise, so that a word comes back only at once
  for (int64_t i = 0, address = start; i < (stride == 0 ? 1 : n); ++i, address += stride)
    for (int64_t word = std::max(counted + 1, address / widthBytes);
         word <= (address + elementBytes - 1) / widthBytes; ++word) {
      use.cycles = std::max(use.cycles, ++inBank[static_cast<size_t>(word % banks)]);
      ++use.words;
      counted = word;
    }
  return use;
}

} // namespace arsis::timing
