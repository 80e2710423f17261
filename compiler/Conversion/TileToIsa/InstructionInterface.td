// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an engine op becomes.
#ifndef ARSIS_INSTRUCTION_INTERFACE
#define ARSIS_INSTRUCTION_INTERFACE

include "mlir/IR/OpBase.td"
include "mlir/IR/Interfaces.td"

def InstructionOpInterface : OpInterface<"InstructionOpInterface"> {
  let cppNamespace = "::arsis::compiler";
  let description = [{
    An engine op of a planned, split tile program that knows its instruction. The ops of the tile dialect have it
    attached (EngineOps.cpp), because that dialect knows no instructions; an op from elsewhere implements it or has it
    attached by whoever brings it.
  }];
  let methods = [
    InterfaceMethod<[{
        The instruction without waits and increment. Numbers go through `operands`, which reports those that the
        encoding cannot hold.
      }], "::arsis::isa::Body", "getInstruction", (ins "::arsis::compiler::OperandConverter &":$operands)>,
  ];
}

#endif // ARSIS_INSTRUCTION_INTERFACE
