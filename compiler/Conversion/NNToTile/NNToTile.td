// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The conversion from whole tensors to loop nests.

#ifndef ARSIS_COMPILER_CONVERSION_NNTOTILE_TD
#define ARSIS_COMPILER_CONVERSION_NNTOTILE_TD

include "mlir/Pass/PassBase.td"

def ConvertNNToTilePass : Pass<"convert-nn-to-tile", "::mlir::ModuleOp"> {
  let summary = "lower mapped nn functions to sequential tile programs";
  let description = [{
    Every function becomes a `tile.program` of the same name. Arguments and results become named DRAM tensors; a result
    that donates an argument is written in place if nobody reads the argument's old value afterwards, else through a
    copy at the end. Each operation becomes one loop nest over tiles in the scratchpad, as its `mapping` attribute says
    and in the order of its `plan`; `nn-map` must have run for the same chip; what the function
    remembers of it (`nn.options`) is compared and goes over to the program. Ragged edges are clamped extents, never
    a second body. No synchronisation is written here.

    An operation that no family lowers is an error that names it.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "", "name of a shipped chip, or path of a YAML file">,
    ListOption<"set", "set", "std::string", "KEY=VALUE: override a value of the chip">,
    Option<"function", "function", "std::string", "", "convert only this function and drop the others">,
  ];
  let dependentDialects = ["::arsis::tile::TileDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect"];
}

#endif // ARSIS_COMPILER_CONVERSION_NNTOTILE_TD
