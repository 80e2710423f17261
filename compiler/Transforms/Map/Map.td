// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapping pass.

#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_TD
#define ARSIS_COMPILER_TRANSFORMS_MAP_TD

include "mlir/Pass/PassBase.td"

def MapPass : Pass<"nn-map", "::mlir::ModuleOp"> {
  let summary = "decide tiles, loop order, residency, buffer slots and the reduction plan of every operation";
  let description = [{
    Enumerates the mappings of every operation, keeps the cheapest that fits the chip's scratchpad and accumulators, and
    stores it as the attributes `mapping` and, for operations that sum, `plan`. The cost of a mapping is
    `max(compute cycles, DRAM cycles)` (their sum without double buffering) plus the cycles that move the first tile in
    and the last tile out. Everything downstream obeys the attributes.

    Decisions that are already there hold: the fields of a `mapping` attribute or the chunks of a `plan` attribute on the
    operation, or the entries of the mapping file, a JSON object
    `{"<layer>/<operation>": {"<field>": <number>, ...}, ...}`. The second operation of the same layer and name is
    `<layer>/<operation>.1`, and so on; an operation without a layer goes by its name alone. Fields that are not given are
    chosen. It is an error if an entry names no operation or no field, and if nothing fits; the error then names the
    buffer and the bytes it misses.

    Fields of conv2d, conv2d_grad_input and matmul: `n`, `h`, `w` (result pixels of a tile), `k` (reduction channels of
    a tile), `blocks` (blocks of units x columns in a tile), `columns_outer` (1: column tiles outside pixel tiles),
    `resident` (1: all weights stay in the scratchpad), `slots`, `acc_slots` (buffers per ring), `chunk_c`, `chunk_kh`,
    `chunk_kw` (the plan). Of conv2d_grad_weight: `n`, `h`, `w` (gradient pixels), `kh`, `c` (kernel rows and channels of a tile),
    `blocks`, `columns_outer`, `slots`, `acc_slots`, `chunk_n`, `chunk_h`, `chunk_w`. Of pooling: `n`, `h`, `w`, `c`, `slots`. Of
    operations on rows and channels: `rows`, `columns`, `slots`, and for batch normalisation `resident`. Of transpose: `d0` to
    `d3`, `slots`.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "", "name of a shipped chip, or path of a YAML file">,
    ListOption<"set", "set", "std::string", "KEY=VALUE: override a value of the chip">,
    Option<"mappingText", "mapping-text", "std::string", "", "decisions that hold, as JSON text">,
    Option<"mappingFile", "mapping-file", "std::string", "", "JSON file with decisions that hold">,
    Option<"explain", "explain", "bool", "false", "emit a remark per operation with the decision and its reason">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect"];
}

#endif // ARSIS_COMPILER_TRANSFORMS_MAP_TD
