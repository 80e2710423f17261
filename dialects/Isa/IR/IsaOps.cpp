// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the isa dialect's structure. What makes a program valid as a whole (bounds, races, deadlock)
// is the business of the binary verifier; here are the properties that the conversion to a binary relies on.
#include "dialects/Isa/IR/Isa.h"

#include "mlir/IR/Builders.h"
#include <set>

using namespace mlir;
using namespace arsis;
using namespace arsis::isair;

#define GET_OP_CLASSES
#include "dialects/Isa/IR/IsaOps.cpp.inc"

static LogicalResult verifyDepth(Block &block, unsigned depth) {
  for (Operation &op : block)
    if (auto loop = dyn_cast<LoopOp>(op)) {
      if (depth == isa::kMaxLoopDepth)
        return loop.emitOpError() << "nests deeper than " << isa::kMaxLoopDepth << " loops";
      if (loop.getCount() == 0)
        return loop.emitOpError("has no iterations");
      if (failed(verifyDepth(loop.getBody().front(), depth + 1)))
        return failure();
    }
  return success();
}

LogicalResult ProgramOp::verify() {
  std::set<std::pair<int, int64_t>> streams;
  for (Operation &op : getBody().front()) {
    if (auto stream = dyn_cast<StreamOp>(op)) {
      if (!streams.insert({int(stream.getKind()), int64_t(stream.getIndex())}).second)
        return stream.emitOpError("is there twice");
      if (failed(verifyDepth(stream.getBody().front(), 0)))
        return failure();
    } else if (!mlir::isa<TensorOp>(op)) {
      return op.emitOpError("is neither a tensor nor a stream");
    }
  }
  for (Attribute counter : getCounters()) {
    auto id = cast<StreamIdAttr>(counter);
    if (!streams.count({int(id.getKind()), id.getIndex()}))
      return emitOpError() << "has a counter of stream " << stringifyStreamKind(id.getKind()) << " "
                           << id.getIndex() << ", which is not there";
  }
  return success();
}
