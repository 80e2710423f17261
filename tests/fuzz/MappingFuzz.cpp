// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Mapping decisions given by hand, for a small model on a small chip.
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    compiler::CompileOptions options;
    options.chip = std::string("tiny");
    options.mappingText = std::string(reinterpret_cast<const char *>(data), size);
    fuzz::compileSmallModel(fuzz::tinyChip(), options);
  });
  return 0;
}
