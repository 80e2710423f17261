// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chip descriptions. On a chip that is accepted a small model compiles, verifies and runs, or is refused with
// a reason.
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

#include "llvm/ADT/ScopeExit.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    const int file = memfd_create("chip", 0); // passes read their chip from a file
    if (write(file, data, size) != static_cast<ssize_t>(size))
      fuzz::fail("the chip cannot be written");
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    const llvm::scope_exit closed([&] { close(file); });
    compiler::CompileOptions options;
    options.chip = path;
    fuzz::compileSmallModel(chip::Chip::load(path), options);
  });
  return 0;
}
