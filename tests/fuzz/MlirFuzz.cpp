// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Textual IR with the dialects of the compiler. What parses is compiled onward from every level, the one it
// is of and the wrong ones.
#include "compiler/Pipelines/Diagnostics.h"
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;
using compiler::Stage;

static void compileOnward(mlir::ModuleOp module, Stage level, bool training) {
  const chip::Chip chip = fuzz::tinyChip();
  compiler::CompileOptions options;
  options.import.training = training;
  mlir::OwningOpRef<mlir::ModuleOp> copy = module.clone();
  fuzz::answered([&] {
    std::optional<isa::Program> program = fuzz::compileFrom(level, *copy, chip, options);
    if (!program)
      return;
    if (level == Stage::NN)
      return fuzz::expectAccepted(*program, chip);
    isa::validateProgram(*program); // of what is written by hand below nn, the verifier is the judge
    fuzz::verifyAndRun(*program, chip);
  });
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text(reinterpret_cast<const char *>(data), size);
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  compiler::DiagnosticLog log(*context);
  auto module = compiler::parseModule(*context, text, "fuzz");
  if (!module)
    return 0;
  fuzz::acceptInput();
  compileOnward(*module, Stage::NN, /*training=*/true);
  for (Stage level : {Stage::NN, Stage::Step, Stage::Mapped, Stage::Tile, Stage::Isa})
    compileOnward(*module, level, /*training=*/false);
  return 0;
}
