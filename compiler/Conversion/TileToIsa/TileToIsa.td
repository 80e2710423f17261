// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The conversion from split tile IR to instructions.
#ifndef ARSIS_TILE_TO_ISA
#define ARSIS_TILE_TO_ISA

include "mlir/Pass/PassBase.td"

def ConvertTileToIsa : Pass<"convert-tile-to-isa", "::mlir::ModuleOp"> {
  let summary = "turn planned, split tile programs into programs of the isa dialect";
  let description = [{
    Mechanical: a loop becomes a hardware loop, a buffer and a view become an address, a stream's increments become a
    counter, a tensor becomes an entry of the tensor table (an alias of another shape one of its own). What the
    program needs of a chip (capacity of each memory, number of units and queues, types that arrays multiply) becomes its requirements. What the
    step remembers (`nn.options`, and the module's `nn.reference`) becomes options and nn module of the program.
  }];
  let dependentDialects = ["::arsis::isair::IsaDialect"];
}

#endif // ARSIS_TILE_TO_ISA
