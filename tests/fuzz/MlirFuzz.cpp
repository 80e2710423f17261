// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Textual IR with the dialects of the compiler. The pipeline goes on from whatever parses, of one level or of
// several.
#include "compiler/Pipelines/Diagnostics.h"
#include "tests/fuzz/Compile.h"
#include "tests/fuzz/Harness.h"

using namespace arsis;

static void compileOnward(mlir::ModuleOp module, bool training) {
  compiler::CompileOptions options;
  options.chip = std::string("tiny");
  options.train = training;
  const bool ours =
      !module.getOps<mlir::func::FuncOp>().empty(); // else the verifier judges what was written by hand
  mlir::OwningOpRef<mlir::ModuleOp> copy = module.clone();
  fuzz::answered([&] {
    std::optional<isa::Program> program = fuzz::compileOn(*copy, options);
    if (!program)
      return;
    if (ours)
      return fuzz::expectAccepted(*program, fuzz::tinyChip());
    isa::validateProgram(*program);
    fuzz::verifyAndRun(*program, fuzz::tinyChip());
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
  for (bool training : {true, false})
    compileOnward(*module, training);
  return 0;
}
