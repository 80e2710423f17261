// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Assembly text. A program that assembles survives both of its forms, and what the verifier accepts runs.
#include "tests/fuzz/Harness.h"

using namespace arsis;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz::answered([&] {
    const isa::Program program = isa::assemble({reinterpret_cast<const char *>(data), size}, "input.s");
    fuzz::acceptInput();
    const std::vector<uint8_t> bytes = isa::encodeProgram(program);
    if (isa::decodeProgram(bytes.data(), bytes.size()) != program)
      fuzz::fail("a program that is encoded decodes to the same");
    if (isa::assemble(isa::disassemble(program), "again.s") != program)
      fuzz::fail("a program that is disassembled assembles to the same");
    fuzz::verifyAndRun(program, fuzz::tinyChip());
  });
  return 0;
}
