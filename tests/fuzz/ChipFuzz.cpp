// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chip descriptions. On a chip that is accepted a small model compiles, verifies and runs, or is refused with
// a reason.
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    const std::string text(reinterpret_cast<const char *>(data), size);
    fuzz::compileSmallModel(chip::Chip::parse(text, "input.yaml"), compiler::CompileOptions());
  });
  return 0;
}
