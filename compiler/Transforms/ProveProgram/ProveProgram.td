// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// isa-prove: the last pass of a compilation.
#ifndef ARSIS_PROVE_PROGRAM
#define ARSIS_PROVE_PROGRAM

include "mlir/Pass/PassBase.td"

def ProveProgram : Pass<"isa-prove", "::mlir::ModuleOp"> {
  let summary = "verify the program and record the verdict in it";
  let description = [{
    Encodes the module's `isa.program` in memory, validates it and proves it free of deadlock, races, stray and
    undefined accesses on the chip, as `arsis-verify` does, and sets the attribute `verdict`.

    Rejected: a program that was compiled for other values of the chip (`options`), and one that the verifier rejects; the
    error is the verifier's.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "", "name of a shipped chip, or path of a YAML file">,
    ListOption<"set", "set", "std::string", "KEY=VALUE: override a value of the chip">,
  ];
}

#endif // ARSIS_PROVE_PROGRAM
