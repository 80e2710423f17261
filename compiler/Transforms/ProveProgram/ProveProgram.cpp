// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asks the verifier, which knows no MLIR, about the binary of a module.
#include "compiler/Transforms/ProveProgram/ProveProgram.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Verifier/Record.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_PROVEPROGRAM
#include "compiler/Transforms/ProveProgram/ProveProgram.h.inc"

namespace {
struct ProveProgram : impl::ProveProgramBase<ProveProgram> {
  using ProveProgramBase::ProveProgramBase;

  void runOnOperation() override {
    std::optional<chip::Chip> described = readChip(getOperation(), getArgument(), chip, set);
    FailureOr<isa::Program> program = failure();
    if (described)
      program = translateToProgram(getOperation());
    if (failed(program))
      return signalPassFailure();
    auto op = *getOperation().getOps<isair::ProgramOp>().begin();
    if (failed(checkChip(op, op.getOptions(), *described)))
      return signalPassFailure();
    try {
      isa::validateProgram(*program);
      prove(op, *program, *described);
    } catch (const Error &error) {
      ofKind(kindOf(error), op.emitError(error.what()));
      signalPassFailure();
    } catch (const Interrupted &stop) { // whoever asked knows what follows
      op.emitError(stop.what());
      signalPassFailure();
    }
  }

  static void prove(isair::ProgramOp op, isa::Program &program, const chip::Chip &chip) {
    isa::VerificationResult result = isa::verify(program, chip);
    if (!result.accepted)
      throw KindError(
          result.diagnostics.front().kind == isa::Diagnostic::Chip ? ErrorKind::Infeasible : ErrorKind::Other,
          result.diagnostics.front().kind == isa::Diagnostic::Chip ? result.diagnostics.front().message
                                                                   : isa::summarise(result, chip));
    isa::recordVerdict(program, result);
    op.setVerdictAttr(toAttribute(*op.getContext(), *program.verdict));
  }
};
} // namespace

} // namespace arsis::compiler
