// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search for schedules.

#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_TD
#define ARSIS_COMPILER_TRANSFORMS_MAP_TD

include "mlir/Pass/PassBase.td"

def MapPass : Pass<"nn-map", "::mlir::ModuleOp"> {
  let summary = "search the schedule and the reduction plan of every operation";
  let description = [{
    Searches the schedules of every operation (compiler/Schedule), keeps the cheapest that fits the chip's scratchpad and
    accumulators, and stores it as the attributes `schedule` and, for operations that sum, `plan`. The price of a
    schedule is a run of the machine's closed forms over its layout. Everything downstream obeys the attributes.

    Decisions that are already there hold: what a `schedule` attribute or the chunks of a `plan` attribute on the operation
    say, or the entries of the schedule file, a JSON object
    `{"<layer>/<phase>/<operation>": {"strategy": "...", "loops": ["..."], "<group>": {"<field>": <number>}}, ...}`.
    The second operation with the same key ends in `.1`, and so on; a part that an operation does not have is left out of
    its key. What is not given is chosen. It is an error if an entry names no operation, no strategy, loops or field of it,
    and if nothing fits; the error then names the buffer and the bytes it misses.

    Groups are `tiles` (extents of a tile along the dimensions of the structure), `chunks` (of the plan), `resident` (1: all
    of a value stays in the scratchpad), `slots` (buffers per ring) and `split` (arrays that share a product).
    Strategies: `weight_stationary` (conv2d, conv2d_grad_input, matmul), `pixel_stationary` (conv2d_grad_weight),
    `window` (pooling and its gradients), `vector` (operations on rows and columns of a matrix), `dma` (transpose, over
    the dimensions d0 to d3 of the result). Strategies of loaded libraries compete with these; `strategy` chooses
    between them.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "", "name of a shipped chip, or path of a YAML file">,
    ListOption<"set", "set", "std::string", "KEY=VALUE: override a value of the chip">,
    Option<"mappingText", "mapping-text", "std::string", "", "schedules that hold, as JSON text">,
    Option<"mappingFile", "mapping-file", "std::string", "", "JSON file with schedules that hold">,
    Option<"writeSchedules", "write-schedules", "std::string", "", "file that takes all schedules as JSON, to be read again">,
    Option<"explain", "explain", "bool", "false", "emit a remark per operation with the decision and its reason">,
  ];
  let dependentDialects = ["::arsis::nn::NNDialect"];
}

#endif // ARSIS_COMPILER_TRANSFORMS_MAP_TD
