// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX models, compiled for inference and for training. What compiles is accepted by the verifier and runs.
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string bytes(reinterpret_cast<const char *>(data), size);
  for (bool training : {false, true})
    fuzz::answered([&] {
      compiler::CompileOptions options;
      options.chip = std::string("tiny");
      options.train = training;
      options.noVerify = true;
      const isa::Program program = compiler::compileModel({"input.onnx", {}, bytes}, options);
      fuzz::acceptInput();
      fuzz::expectAccepted(program, fuzz::tinyChip());
    });
  return 0;
}
