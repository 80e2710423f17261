// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// arsis-translate: between the isa dialect, the binary program and its assembly.
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/IR/Isa.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace arsis;

static LogicalResult fail(const Error &error) {
  llvm::errs() << "error: " << error.what() << "\n";
  return failure();
}

static void registerIsa(DialectRegistry &registry) { registry.insert<isair::IsaDialect>(); }

template <class Print> static LogicalResult writeModule(Operation *op, Print print) {
  FailureOr<isa::Program> program = compiler::translateToProgram(cast<ModuleOp>(op));
  if (failed(program))
    return failure();
  try {
    isa::validateProgram(*program);
    print(*program);
    return success();
  } catch (const Error &error) {
    return fail(error);
  }
}

template <class Read> static OwningOpRef<Operation *> readModule(MLIRContext *context, Read read) {
  try {
    return OwningOpRef<Operation *>(
        compiler::translateFromProgram(*context, read()).release().getOperation());
  } catch (const Error &error) {
    (void)fail(error);
    return {};
  }
}

int main(int argc, char **argv) {
  TranslateFromMLIRRegistration toBinary(
      "isa-to-binary", "encode an isa.program",
      [](Operation *op, raw_ostream &output) {
        return writeModule(op, [&](const isa::Program &program) {
          std::vector<uint8_t> bytes = isa::encodeProgram(program);
          output.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
        });
      },
      registerIsa);
  TranslateFromMLIRRegistration toAssembly(
      "isa-to-asm", "write an isa.program as assembly",
      [](Operation *op, raw_ostream &output) {
        return writeModule(op, [&](const isa::Program &program) { output << isa::disassemble(program); });
      },
      registerIsa);
  TranslateToMLIRRegistration fromBinary(
      "binary-to-isa", "decode a program", [](llvm::SourceMgr &sources, MLIRContext *context) {
        StringRef bytes = sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
        return readModule(context, [&] {
          return isa::decodeProgram(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
        });
      });
  TranslateToMLIRRegistration fromAssembly(
      "asm-to-isa", "assemble a program", [](llvm::SourceMgr &sources, MLIRContext *context) {
        const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
        return readModule(context, [&] {
          return isa::assemble(buffer->getBuffer().str(), buffer->getBufferIdentifier().str());
        });
      });
  return failed(mlirTranslateMain(argc, argv, "arsis translation tool"));
}
