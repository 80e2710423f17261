// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes from tile to isa in order, with a chip's capacities.
#include "compiler/Conversion/TileToIsa/TileToIsa.h"
#include "compiler/Target/Translate.h"
#include "compiler/Transforms/PlanMemory/PlanMemory.h"
#include "compiler/Transforms/SplitStreams/SplitStreams.h"

using namespace mlir;

namespace arsis::compiler {

void addTileToIsaPasses(OpPassManager &passes, const chip::Chip &chip) {
  constexpr int64_t kKibi = 1024;
  PlanMemoryOptions memory;
  memory.scratchpadBytes = chip.integer("scratchpad.kib") * kKibi;
  memory.accumulatorRows = chip.integer("matrix.accumulator_rows");
  memory.dramBytes = chip.integer("dram.capacity_mib") * kKibi * kKibi;
  OpPassManager &program = passes.nest<tile::ProgramOp>();
  program.addPass(createPlanMemory(memory));
  program.addPass(createCheckMemory());
  program.addPass(createSplitStreams());
  passes.addPass(createConvertTileToIsa());
}

} // namespace arsis::compiler
