// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// channel_sum: a chunk of pixels at a time is summed from +0 and added to the total, which stays in the
// scratchpad.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Conversion/NNToTile/Matrix.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

LogicalResult lowerChannelSum(nn::ChannelSumOp op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  MatrixEmitter m(e, *problem, *choice);
  Value x = e.dram(op.getX(), {m.rows, m.columns}), y = e.dram(op.getY());
  m.forColumnTiles([&] {
    View total = m.channels("total");
    m.forRowTiles([&] { m.sumRows(m.loadTile("input", x), total); });
    m.storeChannels(total, y);
  });
  return success();
}

} // namespace arsis::compiler
