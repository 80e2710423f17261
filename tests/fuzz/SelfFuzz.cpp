// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A target that does all that a target must not do, when told to: the driver has to notice.
#include "tests/fuzz/Harness.h"

#include <csignal>
#include <string>
#include <vector>

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string input(reinterpret_cast<const char *>(data), size);
  if (input == "crash")
    std::raise(SIGSEGV);
  for (volatile bool hang = input == "hang"; hang;) {
  }
  if (input == "hoard")
    std::vector<char>(size_t(3) << 30);
  if (input == "throw")
    throw 1;
  if (input == "good")
    fuzz::acceptInput();
  return 0;
}
