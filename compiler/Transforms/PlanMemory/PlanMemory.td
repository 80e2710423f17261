// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory passes: a planner, and a checker that shares no code with it.
#ifndef ARSIS_PLAN_MEMORY
#define ARSIS_PLAN_MEMORY

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"tile-plan-memory", "::arsis::tile::ProgramOp"> {
  let summary = "give every tensor and every buffer an address";
  let description = [{
    Tensors get DRAM addresses that are multiples of 64 bytes, and, if they are as large as a row of all channels, of
    such a row, as far as the capacity allows: those the outside knows keep theirs for the whole
    program, temporaries share space when their lifetimes do not meet. Buffers in the scratchpad and in the
    accumulators of each matrix unit live as long as the top-level loop nest they are in, or, at top level, until
    their last use; first fit, largest first. When room allows, a buffer also stays clear of the buffers of the nn op
    before, so that loads run ahead. When a memory is too small, rings lose slots, largest ring first, with a remark;
    when nothing is left to take, the error names the buffer and the missing bytes or rows.

    The capacities are those of the chip, which has to be the one the program was lowered for (`nn.options`), or, without
    the option `chip`, the numbers given.

    `tile-check-memory` proves the result by other means.
  }];
  let options = [
    Option<"chip", "chip", "std::string", "", "name of a shipped chip, or path of a YAML file">,
    ListOption<"set", "set", "std::string", "KEY=VALUE: override a value of the chip">,
    Option<"scratchpadBytes", "scratchpad-bytes", "int64_t", "262144", "capacity of the scratchpad">,
    Option<"accumulatorRows", "accumulator-rows", "int64_t", "2048", "rows of each matrix unit's accumulators">,
    Option<"dramBytes", "dram-bytes", "int64_t", "1073741824", "capacity of the DRAM">,
    Option<"dramRowBytes", "dram-row-bytes", "int64_t", "64", "row of all channels of the DRAM">,
  ];
}

def CheckMemory : Pass<"tile-check-memory", "::arsis::tile::ProgramOp"> {
  let summary = "prove that no two live buffers overlap and that every access stays inside its buffer";
  let description = [{
    Recomputes lifetimes from the accesses (not from the declarations), sweeps the program once per memory with a map
    from addresses to owners, and bounds every access by the extreme values of its affine maps.
  }];
}

#endif // ARSIS_PLAN_MEMORY
